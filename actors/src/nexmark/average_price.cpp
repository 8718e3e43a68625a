// q4: per auction the highest bid while it ran; of those the average per category.

#include <span>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"

namespace millrace::nexmark {

namespace {

/// An auction or a bid, as far as q4 needs it.
struct q4_item {
  std::uint64_t auction{};
  std::int64_t price{};      ///< of a bid
  event_time at;             ///< of the bid, or when the auction begins
  event_time expires;        ///< of an auction
  std::uint64_t category{};  ///< of an auction; 0: a bid
};
MILLRACE_RECORD(q4_item, 1, auction, price, at, expires, category)

struct q4_bid {
  std::int64_t price{};
  event_time at;
};
MILLRACE_RECORD(q4_bid, 1, price, at)

struct q4_auction {
  event_time starts, expires;
  std::uint64_t category{};  ///< 0: the auction has not been seen
  std::int64_t highest = -1;
};
MILLRACE_RECORD(q4_auction, 1, starts, expires, category, highest)

struct q4_final {
  std::uint64_t category{};
  std::int64_t price{};
};
MILLRACE_RECORD(q4_final, 1, category, price)

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

struct q4_select final : processor {
  in<event> events{this, "in", &q4_select::on_events};
  out<q4_item> items{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::bid) {
        items.emit({e.bid.auction, e.bid.price, e.bid.date_time, {}, 0});
      } else if (e.kind == event_kind::auction) {
        const auto& a = e.auction.front();
        items.emit({a.id, 0, a.date_time, a.expires, a.category});
      }
    }
  }
};

/// Gives out an auction's highest bid when it has closed. A bid may come before its auction when events are out of
/// order: it waits until the watermark says that no auction can have begun before it any more.
struct q4_close final : processor {
  in<q4_item> items{this, "in", &q4_close::on_item, {.key = &q4_item::auction}};
  out<q4_final> finals{this, "out"};
  keyed_value<q4_auction> running{this, "running"};
  list<q4_bid> early{this, "early"};
  timer close_at{this, "close", &q4_close::on_close};

  void on_item(context&, const q4_item& i) {
    if (i.category != 0) return open_auction(i);
    if (running.get() != nullptr) {
      take({i.price, i.at});
    } else {
      early.push_back({i.price, i.at});
      if (!close_at.pending()) close_at.set(i.at);
    }
  }

private:
  void open_auction(const q4_item& i) {
    running.set({i.at, i.expires, i.category, -1});
    close_at.set(i.expires);
    for (const auto& b : early.get()) take(b);
    early.clear();
  }
  void take(const q4_bid& b) {
    const auto& known = *running.get();
    if (b.price > known.highest && b.at >= known.starts && b.at <= known.expires) running->highest = b.price;
  }
  void on_close(context&, event_time now) {
    if (const auto* closed = running.get()) {
      if (closed->highest >= 0) finals.emit({closed->category, closed->highest});
      running.clear();
      return;
    }
    auto& waiting = early.edit();
    std::erase_if(waiting, [now](const q4_bid& b) { return b.at <= now; });
    if (!waiting.empty()) return close_at.set(waiting.front().at);
    early.clear();
  }
};

struct q4_average final : processor {
  in<q4_final> finals{this, "in", &q4_average::on_final, {.key = &q4_final::category}};
  out<q4_row> rows{this, "out"};
  keyed_value<q4_sum> sum{this, "sum"};

  void on_final(context&, const q4_final& f) {
    auto& s = *sum;
    ++s.auctions;
    s.total += f.price;
    rows.emit({f.category, static_cast<double>(s.total) / static_cast<double>(s.auctions)});
  }
};

MILLRACE_ACTOR(q4_select, {.id = "millrace.nexmark.select_prices", .title = "Nexmark q4 input", .category = "Bench"})
MILLRACE_ACTOR(q4_close, {.id = "millrace.nexmark.final_price", .title = "Nexmark q4 join", .category = "Bench"})
MILLRACE_ACTOR(q4_average, {.id = "millrace.nexmark.average", .title = "Nexmark q4 average", .category = "Bench"})

}  // namespace

topology q4(const query_options& o) {
  return query_topology{"q4", o}.then("select_prices").by_key_then("final_price").by_key_then("average").finish();
}

}  // namespace millrace::nexmark
