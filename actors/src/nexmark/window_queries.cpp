// Queries over windows of time: q5, q7, q11, q12.

#include <algorithm>
#include <map>
#include <span>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/sessions.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "millrace/windows.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"
#include "nexmark/window_of.hpp"

namespace millrace::nexmark {

namespace {

using namespace std::chrono_literals;

struct bid_count {
  std::uint64_t bids{};
  void merge(const bid_count& other) noexcept { bids += other.bids; }
};
MILLRACE_RECORD(bid_count, 1, bids)

// q5: the auctions with the most bids, in windows of 10 s that overlap. As with q7, only the leaders of each partition
// meet.

struct q5_bid {
  std::uint64_t auction{};
  event_time at;
};
MILLRACE_RECORD(q5_bid, 1, auction, at)

struct q5_row {
  event_time start, end;
  std::uint64_t auction{}, bids{};
};
MILLRACE_RECORD(q5_row, 1, start, end, auction, bids)

/// Keeps `leaders` to the rows of the most bids.
void take_most(std::vector<q5_row>& leaders, const q5_row& row) {
  if (!leaders.empty() && leaders.front().bids > row.bids) return;
  if (!leaders.empty() && leaders.front().bids < row.bids) leaders.clear();
  leaders.push_back(row);
}

struct q5_select final : processor {
  in<event> events{this, "in", &q5_select::on_events};
  out<q5_bid> bids{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::bid) bids.emit({e.bid.auction, e.at});
    }
  }
};

struct q5_count final : processor {
  in<q5_bid> bids{this, "in", &q5_count::on_bid, {.key = &q5_bid::auction}};
  out<q5_row> rows{this, "out"};
  windows<bid_count> counts{this, "counts", sliding(10s, 2s), &q5_count::on_window};

  void on_bid(context& c, const q5_bid& b) {
    (void)counts.add(c, b.at, [](bid_count& n) { ++n.bids; });
  }
  /// All windows the watermark has passed have fired by now.
  void on_watermark(context&) override { give_out(); }

private:
  void on_window(context& c, const window_result<bid_count>& r) {
    if (!leaders_.empty() && leaders_.front().end != r.window.end) give_out();
    take_most(leaders_, {r.window.start, r.window.end, c.key<std::uint64_t>(), r.value.bids});
  }
  void give_out() {
    for (const auto& row : leaders_) rows.emit(row);
    leaders_.clear();
  }

  std::vector<q5_row> leaders_;  // of the window that fires; empty between two watermarks
};

struct q5_most final : processor {
  in<q5_row> shares{this, "in", &q5_most::on_share, {.key = &q5_row::end}};
  out<q5_row> rows{this, "out"};
  list<q5_row> leaders{this, "leaders"};
  timer end{this, "end", &q5_most::on_end};

  void on_share(context&, const q5_row& row) {
    take_most(leaders.edit(), row);
    if (!end.pending()) end.set(row.end);
  }

private:
  void on_end(context&, event_time) {
    for (const auto& row : leaders.get()) rows.emit(row);
    leaders.clear();
  }
};

// q7: the highest bids of every 10 s. Each partition keeps the highest of its own share, and only those meet.

struct q7_row {
  q7_row() noexcept {}  // NOLINT: as for bid
  std::int64_t window{};
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  event_time date_time;
  padding_text extra;
};
MILLRACE_RECORD(q7_row, 1, window, auction, bidder, price, date_time, extra)

/// Keeps `leaders` to the rows of the highest price.
void take_highest(std::vector<q7_row>& leaders, const q7_row& row) {
  if (!leaders.empty() && leaders.front().price > row.price) return;
  if (!leaders.empty() && leaders.front().price < row.price) leaders.clear();
  leaders.push_back(row);
}

struct q7_share final : processor {
  in<event> events{this, "in", &q7_share::on_events};
  out<q7_row> rows{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind != event_kind::bid) continue;
      const auto window = ten_seconds.of(e.at);
      if (window != current_) select(window);
      if (e.bid.price >= highest_) take(e.bid, window);
    }
  }
  void on_watermark(context& c) override {
    while (!open_.empty() && ten_seconds.end(open_.begin()->first) <= c.watermark()) {
      for (const auto& row : open_.begin()->second) rows.emit(row);
      open_.erase(open_.begin());
      current_ = none;
    }
  }
  void save_state(msgpack::writer& out) const override { codec<decltype(open_)>::encode(out, open_); }
  bool load_state(msgpack::reader& in) override { return codec<decltype(open_)>::decode(in, open_); }

private:
  static constexpr auto none = std::numeric_limits<std::int64_t>::min();

  void select(std::int64_t window) {
    current_ = window;
    const auto at = open_.find(window);
    highest_ = at == open_.end() ? std::numeric_limits<std::int64_t>::min() : at->second.front().price;
  }
  void take(const bid& b, std::int64_t window) {
    q7_row row;
    row.window = window;
    row.auction = b.auction;
    row.bidder = b.bidder;
    row.price = b.price;
    row.date_time = b.date_time;
    row.extra = b.extra;
    take_highest(open_[window], row);
    highest_ = b.price;
  }

  std::map<std::int64_t, std::vector<q7_row>> open_;
  std::int64_t current_ = none;  // the window of the last bid and its highest price
  std::int64_t highest_ = 0;
};

struct q7_highest final : processor {
  in<q7_row> shares{this, "in", &q7_highest::on_share, {.key = &q7_row::window}};
  out<q7_row> rows{this, "out"};
  list<q7_row> leaders{this, "leaders"};
  timer end{this, "end", &q7_highest::on_end};

  void on_share(context&, const q7_row& row) {
    take_highest(leaders.edit(), row);
    if (!end.pending()) end.set(ten_seconds.end(row.window));
  }

private:
  void on_end(context&, event_time) {
    for (const auto& row : leaders.get()) rows.emit(row);
    leaders.clear();
  }
};

// q11: bids per bidder and session.

struct q11_bid {
  std::uint64_t bidder{};
  event_time at;
};
MILLRACE_RECORD(q11_bid, 1, bidder, at)

struct q11_row {
  std::uint64_t bidder{};
  std::uint64_t bids{};
  event_time start, end;
};
MILLRACE_RECORD(q11_row, 1, bidder, bids, start, end)

struct q11_select final : processor {
  in<event> events{this, "in", &q11_select::on_events};
  out<q11_bid> bids{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::bid) bids.emit({e.bid.bidder, e.at});
    }
  }
};

struct q11_sessions final : processor {
  in<q11_bid> bids{this, "in", &q11_sessions::on_bid, {.key = &q11_bid::bidder}};
  out<q11_row> rows{this, "out"};
  sessions<bid_count> counts{this, "counts", {.gap = 10s}, &q11_sessions::on_session};

  void on_bid(context& c, const q11_bid& b) {
    (void)counts.add(c, b.at, [](bid_count& n) { ++n.bids; });
  }

private:
  void on_session(context& c, const window_result<bid_count>& r) {
    rows.emit({c.key<std::uint64_t>(), r.value.bids, r.window.start, r.window.end});
  }
};

// q12: bids per bidder in windows of the clock.

struct q12_row {
  std::uint64_t bidder{}, bids{};
  event_time start, end;  ///< by the clock
};
MILLRACE_RECORD(q12_row, 1, bidder, bids, start, end)

struct q12_count final : processor {
  in<q11_bid> bids{this, "in", &q12_count::on_bid, {.key = &q11_bid::bidder}};
  out<q12_row> rows{this, "out"};
  windows<bid_count> counts{
      this, "counts", {.size = 10s, .slide = 10s, .time = time_domain::processing}, &q12_count::on_window};

  void on_bid(context& c, const q11_bid&) {
    (void)counts.add_now(c, [](bid_count& n) { ++n.bids; });
  }

private:
  void on_window(context& c, const window_result<bid_count>& r) {
    rows.emit({c.key<std::uint64_t>(), r.value.bids, r.window.start, r.window.end});
  }
};

MILLRACE_ACTOR(q5_select, {.id = "millrace.nexmark.select_auctions", .title = "Nexmark q5 input", .category = "Bench"})
MILLRACE_ACTOR(q5_count, {.id = "millrace.nexmark.count_bids", .title = "Nexmark q5 counts", .category = "Bench"})
MILLRACE_ACTOR(q5_most, {.id = "millrace.nexmark.most_bids", .title = "Nexmark q5", .category = "Bench"})
MILLRACE_ACTOR(q12_count, {.id = "millrace.nexmark.count_now", .title = "Nexmark q12", .category = "Bench"})
MILLRACE_ACTOR(q7_share, {.id = "millrace.nexmark.own_highest", .title = "Nexmark q7 share", .category = "Bench"})
MILLRACE_ACTOR(q7_highest, {.id = "millrace.nexmark.highest_bids", .title = "Nexmark q7", .category = "Bench"})
MILLRACE_ACTOR(q11_select, {.id = "millrace.nexmark.select_bidders", .title = "Nexmark q11 input", .category = "Bench"})
MILLRACE_ACTOR(q11_sessions, {.id = "millrace.nexmark.sessions", .title = "Nexmark q11", .category = "Bench"})

}  // namespace

topology q5(const query_options& o) {
  return query_topology{"q5", o}.then("select_auctions").by_key_then("count_bids").by_key_then("most_bids").finish();
}
topology q12(const query_options& o) {
  return query_topology{"q12", o}.then("select_bidders").by_key_then("count_now").finish();
}
topology q7(const query_options& o) {
  return query_topology{"q7", o}.then("own_highest").by_key_then("highest_bids").finish();
}
topology q11(const query_options& o) {
  return query_topology{"q11", o}.then("select_bidders").by_key_then("sessions").finish();
}

}  // namespace millrace::nexmark
