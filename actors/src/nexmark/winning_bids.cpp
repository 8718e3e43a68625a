// q9: every auction with its winning bid, the highest and among equals the earliest while it ran.

#include <span>
#include <tuple>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"

namespace millrace::nexmark {

namespace {

struct q9_bid {
  q9_bid() noexcept {}  // NOLINT: as for bid
  std::uint64_t number{}, bidder{};
  std::int64_t price{};
  event_time at;
  padding_text extra;

  [[nodiscard]] bool beats(const q9_bid& other) const noexcept {
    return std::tie(other.price, at, number) < std::tie(price, other.at, other.number);
  }
};
MILLRACE_RECORD(q9_bid, 1, number, bidder, price, at, extra)

struct q9_item {
  q9_item() noexcept {}  // NOLINT: as for bid
  std::uint64_t id{};
  std::vector<auction> opened;  ///< one, or none: then it is a bid
  q9_bid offer;
};
MILLRACE_RECORD(q9_item, 1, id, opened, offer)

struct q9_row {
  std::uint64_t id{};
  std::string item_name, description;
  std::int64_t initial_bid{}, reserve{};
  event_time date_time, expires;
  std::uint64_t seller{}, category{};
  std::string extra;
  std::uint64_t bidder{};
  std::int64_t price{};
  event_time bid_date_time;
  padding_text bid_extra;
};
MILLRACE_RECORD(q9_row, 1, id, item_name, description, initial_bid, reserve, date_time, expires, seller, category,
                extra, bidder, price, bid_date_time, bid_extra)

struct q9_select final : processor {
  in<event> events{this, "in", &q9_select::on_events};
  out<q9_item> items{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::person) continue;
      auto& item = items.row();
      if (e.kind == event_kind::auction) {
        item.id = e.auction.front().id;
        item.opened = e.auction;
      } else {
        item.id = e.bid.auction;
        item.offer.number = e.number;
        item.offer.bidder = e.bid.bidder;
        item.offer.price = e.bid.price;
        item.offer.at = e.bid.date_time;
        item.offer.extra = e.bid.extra;
      }
      items.emit();
    }
  }
};

/// Gives an auction and its winner out when it has closed; early bids wait as in q4.
struct q9_close final : processor {
  in<q9_item> items{this, "in", &q9_close::on_item, {.key = &q9_item::id}};
  out<q9_row> rows{this, "out"};
  list<auction> running{this, "running"};
  keyed_value<q9_bid> winner{this, "winner"};
  list<q9_bid> early{this, "early"};
  timer close_at{this, "close", &q9_close::on_close};

  void on_item(context&, const q9_item& i) {
    if (!i.opened.empty()) {
      running.push_back(i.opened.front());
      close_at.set(i.opened.front().expires);
      for (const auto& b : early.get()) take(b);
      early.clear();
    } else if (running.size() != 0) {
      take(i.offer);
    } else {
      early.push_back(i.offer);
      if (!close_at.pending()) close_at.set(i.offer.at);
    }
  }

private:
  void take(const q9_bid& b) {
    const auto& a = running.get().front();
    if (b.at < a.date_time || b.at > a.expires) return;
    if (const auto* best = winner.get(); best == nullptr || b.beats(*best)) winner.set(b);
  }
  void on_close(context&, event_time now) {
    if (running.size() != 0) return give_out();
    auto& waiting = early.edit();
    std::erase_if(waiting, [now](const q9_bid& b) { return b.at <= now; });
    if (!waiting.empty()) return close_at.set(waiting.front().at);
    early.clear();
  }
  void give_out() {
    if (const auto* best = winner.get()) {
      const auto& a = running.get().front();
      rows.emit({a.id, a.item_name, a.description, a.initial_bid, a.reserve, a.date_time, a.expires, a.seller,
                 a.category, a.extra, best->bidder, best->price, best->at, best->extra});
    }
    winner.clear();
    running.clear();
  }
};

MILLRACE_ACTOR(q9_select, {.id = "millrace.nexmark.select_offers", .title = "Nexmark q9 input", .category = "Bench"})
MILLRACE_ACTOR(q9_close, {.id = "millrace.nexmark.winning_bid", .title = "Nexmark q9 join", .category = "Bench"})

}  // namespace

topology q9(const query_options& o) {
  return query_topology{"q9", o}.then("select_offers").by_key_then("winning_bid").finish();
}

}  // namespace millrace::nexmark
