// q4: per auction the highest bid while it ran; of those the average per category.
// q6: of the ten auctions of a seller that closed last, the average of those.

#include <algorithm>
#include <span>
#include <tuple>

#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"

namespace millrace::nexmark {

namespace {

/// An auction or a bid, as far as the queries need it.
struct price_item {
  std::uint64_t auction{};
  std::int64_t price{};   ///< of a bid
  event_time at;          ///< of the bid, or when the auction begins
  event_time expires;     ///< of an auction
  std::uint64_t group{};  ///< of an auction: what it counts for; 0: a bid
};
MILLRACE_RECORD(price_item, 1, auction, price, at, expires, group)

struct early_bid {
  std::int64_t price{};
  event_time at;
};
MILLRACE_RECORD(early_bid, 1, price, at)

struct running_auction {
  event_time starts, expires;
  std::uint64_t group{};
  std::int64_t highest = -1;
};
MILLRACE_RECORD(running_auction, 1, starts, expires, group, highest)

struct final_price {
  std::uint64_t group{};
  std::int64_t price{};
  std::uint64_t auction{};
  event_time closed;
};
MILLRACE_RECORD(final_price, 1, group, price, auction, closed)

struct q4_sum {
  std::uint64_t auctions{};
  std::int64_t total{};
};
MILLRACE_RECORD(q4_sum, 1, auctions, total)

struct q4_row {
  std::uint64_t category{};
  double average{};
};
MILLRACE_RECORD(q4_row, 1, category, average)

struct q6_row {
  std::uint64_t seller{};
  double average{};
};
MILLRACE_RECORD(q6_row, 1, seller, average)

struct price_select final : processor {
  in<event> events{this, "in", &price_select::on_events};
  out<price_item> items{this, "out"};
  param<std::string> group{this, "group", "category", {.choices = {"category", "seller"}}};

  void on_events(context&, std::span<const event> batch) {
    const bool by_seller = *group == "seller";
    for (const auto& e : batch) {
      if (e.kind == event_kind::bid) {
        items.emit({e.bid.auction, e.bid.price, e.bid.date_time, {}, 0});
      } else if (e.kind == event_kind::auction) {
        const auto& a = e.auction.front();
        items.emit({a.id, 0, a.date_time, a.expires, by_seller ? a.seller : a.category});
      }
    }
  }
};

/// Gives out an auction's highest bid when it has closed. A bid may come before its auction when events are out of
/// order: it waits until the watermark says that no auction can have begun before it any more.
struct price_close final : processor {
  in<price_item> items{this, "in", &price_close::on_item, {.key = &price_item::auction}};
  out<final_price> finals{this, "out"};
  keyed_value<running_auction> running{this, "running"};
  list<early_bid> early{this, "early"};
  timer close_at{this, "close", &price_close::on_close};

  void on_item(context&, const price_item& i) {
    if (i.group != 0) return open_auction(i);
    if (running.get() != nullptr) {
      take({i.price, i.at});
    } else {
      early.push_back({i.price, i.at});
      if (!close_at.pending()) close_at.set(i.at);
    }
  }

private:
  void open_auction(const price_item& i) {
    running.set({i.at, i.expires, i.group, -1});
    close_at.set(i.expires);
    for (const auto& b : early.get()) take(b);
    early.clear();
  }
  void take(const early_bid& b) {
    const auto& known = *running.get();
    if (b.price > known.highest && b.at >= known.starts && b.at <= known.expires) running->highest = b.price;
  }
  void on_close(context& c, event_time now) {
    if (const auto* closed = running.get()) {
      if (closed->highest >= 0) finals.emit({closed->group, closed->highest, c.key<std::uint64_t>(), closed->expires});
      running.clear();
      return;
    }
    auto& waiting = early.edit();
    std::erase_if(waiting, [now](const early_bid& b) { return b.at <= now; });
    if (!waiting.empty()) return close_at.set(waiting.front().at);
    early.clear();
  }
};

struct q4_average final : processor {
  in<final_price> finals{this, "in", &q4_average::on_final, {.key = &final_price::group}};
  out<q4_row> rows{this, "out"};
  keyed_value<q4_sum> sum{this, "sum"};

  void on_final(context&, const final_price& f) {
    auto& s = *sum;
    ++s.auctions;
    s.total += f.price;
    rows.emit({f.group, static_cast<double>(s.total) / static_cast<double>(s.auctions)});
  }
};

/// Auctions may come out of order when their partitions do: the ten are those that closed last, by id when at once.
struct q6_average final : processor {
  in<final_price> finals{this, "in", &q6_average::on_final, {.key = &final_price::group}};
  out<q6_row> rows{this, "out"};
  list<final_price> last_ten{this, "last_ten"};

  void on_final(context&, const final_price& f) {
    constexpr std::size_t kept = 10;
    const auto earlier = [](const final_price& a, const final_price& b) {
      return std::tie(a.closed, a.auction) < std::tie(b.closed, b.auction);
    };
    auto& all = last_ten.edit();
    all.insert(std::ranges::upper_bound(all, f, earlier), f);
    if (all.size() > kept) all.erase(all.begin());
    std::int64_t sum = 0;
    for (const auto& a : all) sum += a.price;
    rows.emit({f.group, static_cast<double>(sum) / static_cast<double>(all.size())});
  }
};

MILLRACE_ACTOR(price_select, {.id = "millrace.nexmark.select_prices", .title = "Nexmark q4 input", .category = "Bench"})
MILLRACE_ACTOR(price_close, {.id = "millrace.nexmark.final_price", .title = "Nexmark q4 join", .category = "Bench"})
MILLRACE_ACTOR(q4_average, {.id = "millrace.nexmark.average", .title = "Nexmark q4 average", .category = "Bench"})
MILLRACE_ACTOR(q6_average, {.id = "millrace.nexmark.last_ten", .title = "Nexmark q6 average", .category = "Bench"})

}  // namespace

topology q4(const query_options& o) {
  return query_topology{"q4", o}.then("select_prices").by_key_then("final_price").by_key_then("average").finish();
}
topology q6(const query_options& o) {
  return query_topology{"q6", o}
      .then("select_prices", {{"group", "seller"}})
      .by_key_then("final_price")
      .by_key_then("last_ten")
      .finish();
}

}  // namespace millrace::nexmark
