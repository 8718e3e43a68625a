// Joins of two kinds of events: q3, q8, q20.

#include <algorithm>
#include <span>
#include <string_view>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"
#include "nexmark/window_of.hpp"

namespace millrace::nexmark {

namespace {

constexpr std::uint64_t joined_category = 10;

// q3: auctions of a category with their sellers from three states.

struct q3_seller {
  std::string name, city, state;  ///< no state: the person is not known
};
MILLRACE_RECORD(q3_seller, 1, name, city, state)

struct q3_item {
  std::uint64_t person{};
  std::uint64_t auction{};  ///< 0: a person
  q3_seller seller;
};
MILLRACE_RECORD(q3_item, 1, person, auction, seller)

struct q3_row {
  std::string name, city, state;
  std::uint64_t id{};
};
MILLRACE_RECORD(q3_row, 1, name, city, state, id)

struct q3_select final : processor {
  in<event> events{this, "in", &q3_select::on_events};
  out<q3_item> items{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::bid) continue;
      if (e.kind == event_kind::auction) {
        const auto& a = e.auction.front();
        if (a.category == joined_category) items.emit({a.seller, a.id, {}});
      } else if (const auto& p = e.person.front(); p.state == "OR" || p.state == "ID" || p.state == "CA") {
        items.emit({p.id, 0, {p.name, p.city, p.state}});
      }
    }
  }
};

struct q3_join final : processor {
  in<q3_item> items{this, "in", &q3_join::on_item, {.key = &q3_item::person}};
  out<q3_row> rows{this, "out"};
  keyed_value<q3_seller> seller{this, "seller"};
  list<std::uint64_t> waiting{this, "waiting"};

  void on_item(context&, const q3_item& i) {
    if (i.auction == 0) {
      seller.set(i.seller);
      for (const auto id : waiting.get()) give_out(id);
      waiting.clear();
    } else if (seller.get() != nullptr) {
      give_out(i.auction);
    } else {
      waiting.push_back(i.auction);
    }
  }

private:
  void give_out(std::uint64_t auction) {
    const auto& s = *seller.get();
    rows.emit({s.name, s.city, s.state, auction});
  }
};

// q8: persons who came and sold within the same 10 s.

struct q8_item {
  std::uint64_t person{};
  std::int64_t window{};
  std::string name;  ///< empty: somebody's auction
};
MILLRACE_RECORD(q8_item, 1, person, window, name)

struct q8_arrival {
  std::int64_t window{};
  std::string name;
  bool has_sold = false;
};
MILLRACE_RECORD(q8_arrival, 1, window, name, has_sold)

struct q8_row {
  std::uint64_t id{};
  std::string name;
  event_time window_start;
};
MILLRACE_RECORD(q8_row, 1, id, name, window_start)

struct q8_select final : processor {
  in<event> events{this, "in", &q8_select::on_events};
  out<q8_item> items{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::auction) {
        items.emit({e.auction.front().seller, ten_seconds.of(e.at), {}});
      } else if (e.kind == event_kind::person) {
        items.emit({e.person.front().id, ten_seconds.of(e.at), e.person.front().name});
      }
    }
  }
};

/// Gives a person out as soon as both are known, and forgets windows that are complete.
struct q8_join final : processor {
  in<q8_item> items{this, "in", &q8_join::on_item, {.key = &q8_item::person}};
  out<q8_row> rows{this, "out"};
  keyed_value<q8_arrival> arrival{this, "arrival"};
  list<std::int64_t> sales{this, "sales"};  ///< windows somebody not known sold in
  timer forget{this, "forget", &q8_join::on_forget};

  void on_item(context&, const q8_item& i) {
    if (!i.name.empty()) {
      arrival.set({i.window, i.name, false});
      if (std::ranges::count(sales.get(), i.window) != 0) give_out(i);
      sales.clear();
    } else if (const auto* known = arrival.get()) {
      if (known->window == i.window && !known->has_sold) give_out(i);
    } else if (std::ranges::count(sales.get(), i.window) == 0) {
      sales.push_back(i.window);
    }
    const auto over = ten_seconds.end(i.window);
    if (const auto due = forget.pending(); !due || *due < over) forget.set(over);
  }

private:
  void give_out(const q8_item& i) {
    arrival->has_sold = true;
    rows.emit({i.person, arrival.get()->name, ten_seconds.start(i.window)});
  }
  void on_forget(context&, event_time) {
    arrival.clear();
    sales.clear();
  }
};

// q20: bids with their auction, where it is of a category.

struct q20_item {
  q20_item() noexcept {}  // NOLINT: as for bid
  std::uint64_t id{};
  std::vector<auction> opened;  ///< one, or none: then it is a bid
  bid offer;
};
MILLRACE_RECORD(q20_item, 1, id, opened, offer)

struct q20_row {
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  channel_text channel;
  url_text url;
  event_time bid_date_time;
  padding_text bid_extra;
  std::string item_name, description;
  std::int64_t initial_bid{}, reserve{};
  event_time auction_date_time, expires;
  std::uint64_t seller{}, category{};
  std::string auction_extra;
};
MILLRACE_RECORD(q20_row, 1, auction, bidder, price, channel, url, bid_date_time, bid_extra, item_name, description,
                initial_bid, reserve, auction_date_time, expires, seller, category, auction_extra)

struct q20_select final : processor {
  in<event> events{this, "in", &q20_select::on_events};
  out<q20_item> items{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::person) continue;
      auto& item = items.row();
      if (e.kind == event_kind::auction) {
        item.id = e.auction.front().id;
        item.opened = e.auction;
      } else {
        item.id = e.bid.auction;
        item.offer = e.bid;
      }
      items.emit();
    }
  }
};

/// Every auction passes here, so that a bid need not wait for one that is of another category.
struct q20_join final : processor {
  in<q20_item> items{this, "in", &q20_join::on_item, {.key = &q20_item::id}};
  out<q20_row> rows{this, "out"};
  keyed_value<bool> is_known{this, "is_known"};
  list<auction> wanted{this, "wanted"};
  list<bid> early{this, "early"};

  void on_item(context&, const q20_item& i) {
    if (!i.opened.empty()) {
      is_known.set(true);
      if (i.opened.front().category == joined_category) wanted.push_back(i.opened.front());
      for (const auto& b : early.get()) give_out(b);
      early.clear();
    } else if (is_known.get() != nullptr) {
      give_out(i.offer);
    } else {
      early.push_back(i.offer);
    }
  }

private:
  void give_out(const bid& b) {
    for (const auto& a : wanted.get()) {
      rows.emit({b.auction, b.bidder, b.price, b.channel, b.url, b.date_time, b.extra, a.item_name, a.description,
                 a.initial_bid, a.reserve, a.date_time, a.expires, a.seller, a.category, a.extra});
    }
  }
};

MILLRACE_ACTOR(q3_select, {.id = "millrace.nexmark.select_sales", .title = "Nexmark q3 input", .category = "Bench"})
MILLRACE_ACTOR(q3_join, {.id = "millrace.nexmark.local_sellers", .title = "Nexmark q3 join", .category = "Bench"})
MILLRACE_ACTOR(q8_select, {.id = "millrace.nexmark.select_arrivals", .title = "Nexmark q8 input", .category = "Bench"})
MILLRACE_ACTOR(q8_join, {.id = "millrace.nexmark.new_sellers", .title = "Nexmark q8 join", .category = "Bench"})
MILLRACE_ACTOR(q20_select, {.id = "millrace.nexmark.select_bids", .title = "Nexmark q20 input", .category = "Bench"})
MILLRACE_ACTOR(q20_join, {.id = "millrace.nexmark.expand_bids", .title = "Nexmark q20 join", .category = "Bench"})

}  // namespace

topology q3(const query_options& o) {
  return query_topology{"q3", o}.then("select_sales").by_key_then("local_sellers").finish();
}
topology q8(const query_options& o) {
  return query_topology{"q8", o}.then("select_arrivals").by_key_then("new_sellers").finish();
}
topology q20(const query_options& o) {
  return query_topology{"q20", o}.then("select_bids").by_key_then("expand_bids").finish();
}

}  // namespace millrace::nexmark
