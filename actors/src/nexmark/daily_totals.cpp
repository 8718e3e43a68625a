// q15, q16, q17: figures per day, of bids by price class and of the distinct bidders and auctions behind them.

#include <algorithm>
#include <span>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "nexmark/id_set.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"
#include "nexmark/window_of.hpp"

namespace millrace::nexmark {

namespace {

/// How often there was something, in all and by price class: under 10,000, under 1,000,000, and above.
struct class_counts {
  std::uint64_t total{}, rank1{}, rank2{}, rank3{};

  void add(unsigned mark) {
    rank1 += mark & 1;
    rank2 += mark >> 1 & 1;
    rank3 += mark >> 2 & 1;
  }
  void add(const class_counts& c) {
    total += c.total;
    rank1 += c.rank1;
    rank2 += c.rank2;
    rank3 += c.rank3;
  }
};
MILLRACE_RECORD(class_counts, 1, total, rank1, rank2, rank3)

constexpr unsigned class_mark(std::int64_t price) noexcept {
  return price < 10'000 ? 1U : price < 1'000'000 ? 2U : 4U;
}

/// Adds an id to a set and what is new about it to the counts. True when something is.
bool count_distinct(id_set& seen, std::uint64_t id, unsigned mark, class_counts& counts) {
  const auto before = seen.size();
  const auto fresh = seen.add(id, mark);
  counts.add(fresh);
  counts.total += seen.size() - before;
  return fresh != 0;
}

// q15: one key a day. Ids are dealt out to slots, each of which knows its own; what is new goes to the day's totals.

constexpr std::uint64_t slots = 64;

struct q15_id {
  std::uint64_t slot{};  ///< of a bidder: less than `slots`; of an auction: from there on
  std::uint64_t id{};
  std::int64_t day{};
  std::uint8_t mark{};
};
MILLRACE_RECORD(q15_id, 1, slot, id, day, mark)

struct q15_gain {
  std::int64_t day{};
  class_counts bids, bidders, auctions;
};
MILLRACE_RECORD(q15_gain, 1, day, bids, bidders, auctions)

struct q15_split final : processor {
  in<event> events{this, "in", &q15_split::on_events};
  out<q15_id> ids{this, "out"};
  out<q15_gain> gains{this, "gains"};

  void on_events(context&, std::span<const event> batch) {
    q15_gain gain;
    for (const auto& e : batch) {
      if (e.kind != event_kind::bid) continue;
      const auto day = days.of(e.at);
      if (day != gain.day) give_out(gain, day);
      const auto mark = class_mark(e.bid.price);
      gain.bids.add(mark);
      ++gain.bids.total;
      ids.emit({e.bid.bidder % slots, e.bid.bidder, day, static_cast<std::uint8_t>(mark)});
      ids.emit({slots + e.bid.auction % slots, e.bid.auction, day, static_cast<std::uint8_t>(mark)});
    }
    give_out(gain, 0);
  }

private:
  void give_out(q15_gain& gain, std::int64_t next_day) {
    if (gain.bids.total != 0) gains.emit(gain);
    gain = {};
    gain.day = next_day;
  }
};

struct q15_distinct final : processor {
  in<q15_id> ids{this, "in", &q15_distinct::on_id, {.key = &q15_id::slot}};
  out<q15_gain> gains{this, "out"};
  map<std::int64_t, id_set> seen{this, "seen"};
  timer forget{this, "forget", &q15_distinct::on_forget};

  void on_id(context&, const q15_id& i) {
    q15_gain gain;
    const bool is_bidder = i.slot < slots;
    // Within a slot the low bits are all alike: what is left is what lies side by side.
    if (!count_distinct(seen[i.day], i.id / slots, i.mark, is_bidder ? gain.bidders : gain.auctions)) return;
    gain.day = i.day;
    gains.emit(gain);
    if (!forget.pending()) forget.set(days.end(i.day));
  }

private:
  void on_forget(context&, event_time now) {
    auto& kept = seen.edit();
    std::erase_if(kept, [now](const auto& day) { return days.end(day.first) <= now; });
    if (!kept.empty()) return forget.set(days.end(kept.begin()->first));
    seen.clear();
  }
};

struct q15_row {
  std::int64_t day{};
  std::uint64_t total_bids{}, rank1_bids{}, rank2_bids{}, rank3_bids{};
  std::uint64_t total_bidders{}, rank1_bidders{}, rank2_bidders{}, rank3_bidders{};
  std::uint64_t total_auctions{}, rank1_auctions{}, rank2_auctions{}, rank3_auctions{};
};
MILLRACE_RECORD(q15_row, 1, day, total_bids, rank1_bids, rank2_bids, rank3_bids, total_bidders, rank1_bidders,
                rank2_bidders, rank3_bidders, total_auctions, rank1_auctions, rank2_auctions, rank3_auctions)

struct q15_total final : processor {
  in<q15_gain> gains{this, "in", &q15_total::on_gain, {.key = &q15_gain::day}};
  out<q15_row> rows{this, "out"};
  keyed_value<q15_gain> sum{this, "sum"};

  void on_gain(context&, const q15_gain& g) {
    auto& s = *sum;
    s.bids.add(g.bids);
    s.bidders.add(g.bidders);
    s.auctions.add(g.auctions);
    rows.emit({g.day, s.bids.total, s.bids.rank1, s.bids.rank2, s.bids.rank3, s.bidders.total, s.bidders.rank1,
               s.bidders.rank2, s.bidders.rank3, s.auctions.total, s.auctions.rank1, s.auctions.rank2,
               s.auctions.rank3});
  }
};

// q16: the same per channel, which is key enough to divide the work.

struct q16_bid {
  channel_text channel;
  std::uint8_t mark{};
  std::uint64_t bidder{}, auction{};
  std::int64_t day{};
};
MILLRACE_RECORD(q16_bid, 1, channel, mark, bidder, auction, day)

struct q16_day {
  class_counts bids, bidders, auctions;
  id_set bidders_seen, auctions_seen;
};
MILLRACE_RECORD(q16_day, 1, bids, bidders, auctions, bidders_seen, auctions_seen)

struct q16_row {
  channel_text channel;
  std::int64_t day{};
  std::uint64_t total_bids{}, rank1_bids{}, rank2_bids{}, rank3_bids{};
  std::uint64_t total_bidders{}, rank1_bidders{}, rank2_bidders{}, rank3_bidders{};
  std::uint64_t total_auctions{}, rank1_auctions{}, rank2_auctions{}, rank3_auctions{};
};
MILLRACE_RECORD(q16_row, 1, channel, day, total_bids, rank1_bids, rank2_bids, rank3_bids, total_bidders, rank1_bidders,
                rank2_bidders, rank3_bidders, total_auctions, rank1_auctions, rank2_auctions, rank3_auctions)

struct q16_select final : processor {
  in<event> events{this, "in", &q16_select::on_events};
  out<q16_bid> bids{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind != event_kind::bid) continue;
      bids.emit({e.bid.channel, static_cast<std::uint8_t>(class_mark(e.bid.price)), e.bid.bidder, e.bid.auction,
                 days.of(e.at)});
    }
  }
};

struct q16_totals final : processor {
  in<q16_bid> bids{this, "in", &q16_totals::on_bid, {.key = &q16_bid::channel}};
  out<q16_row> rows{this, "out"};
  map<std::int64_t, q16_day> by_day{this, "by_day"};
  timer forget{this, "forget", &q16_totals::on_forget};

  void on_bid(context&, const q16_bid& b) {
    auto& d = by_day[b.day];
    ++d.bids.total;
    d.bids.add(b.mark);
    (void)count_distinct(d.bidders_seen, b.bidder, b.mark, d.bidders);
    (void)count_distinct(d.auctions_seen, b.auction, b.mark, d.auctions);
    rows.emit({b.channel, b.day, d.bids.total, d.bids.rank1, d.bids.rank2, d.bids.rank3, d.bidders.total,
               d.bidders.rank1, d.bidders.rank2, d.bidders.rank3, d.auctions.total, d.auctions.rank1, d.auctions.rank2,
               d.auctions.rank3});
    if (!forget.pending()) forget.set(days.end(b.day));
  }

private:
  void on_forget(context&, event_time now) {
    auto& kept = by_day.edit();
    std::erase_if(kept, [now](const auto& day) { return days.end(day.first) <= now; });
    if (!kept.empty()) return forget.set(days.end(kept.begin()->first));
    by_day.clear();
  }
};

// q17: per auction and day.

struct q17_bid {
  std::uint64_t auction{};
  std::int64_t day{};
  std::int64_t price{};
};
MILLRACE_RECORD(q17_bid, 1, auction, day, price)

struct q17_sum {
  class_counts bids;
  std::int64_t lowest{}, highest{}, total{};
};
MILLRACE_RECORD(q17_sum, 1, bids, lowest, highest, total)

struct q17_row {
  std::uint64_t auction{};
  std::int64_t day{};
  std::uint64_t total_bids{}, rank1_bids{}, rank2_bids{}, rank3_bids{};
  std::int64_t min_price{}, max_price{};
  double avg_price{};
  std::int64_t sum_price{};
};
MILLRACE_RECORD(q17_row, 1, auction, day, total_bids, rank1_bids, rank2_bids, rank3_bids, min_price, max_price,
                avg_price, sum_price)

struct q17_select final : processor {
  in<event> events{this, "in", &q17_select::on_events};
  out<q17_bid> bids{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind == event_kind::bid) bids.emit({e.bid.auction, days.of(e.at), e.bid.price});
    }
  }
};

struct q17_totals final : processor {
  using key_type = std::tuple<std::uint64_t, std::int64_t>;
  in<q17_bid> bids{this, "in", &q17_totals::on_bid, {.key = {"auction, day", [](const q17_bid& b) {
                                                               return key_type{b.auction, b.day};
                                                             }}}};
  out<q17_row> rows{this, "out"};
  keyed_value<q17_sum> sum{this, "sum"};
  timer forget{this, "forget", &q17_totals::on_forget};

  void on_bid(context&, const q17_bid& b) {
    auto& s = *sum;
    if (s.bids.total == 0) {
      s.lowest = s.highest = b.price;
      forget.set(days.end(b.day));
    }
    ++s.bids.total;
    s.bids.add(class_mark(b.price));
    s.lowest = std::min(s.lowest, b.price);
    s.highest = std::max(s.highest, b.price);
    s.total += b.price;
    rows.emit({b.auction, b.day, s.bids.total, s.bids.rank1, s.bids.rank2, s.bids.rank3, s.lowest, s.highest,
               static_cast<double>(s.total) / static_cast<double>(s.bids.total), s.total});
  }

private:
  void on_forget(context&, event_time) { sum.clear(); }
};

MILLRACE_ACTOR(q15_split, {.id = "millrace.nexmark.split_ids", .title = "Nexmark q15 input", .category = "Bench"})
MILLRACE_ACTOR(q15_distinct, {.id = "millrace.nexmark.distinct_ids", .title = "Nexmark q15 ids", .category = "Bench"})
MILLRACE_ACTOR(q15_total, {.id = "millrace.nexmark.day_totals", .title = "Nexmark q15", .category = "Bench"})
MILLRACE_ACTOR(q16_select,
               {.id = "millrace.nexmark.select_channels", .title = "Nexmark q16 input", .category = "Bench"})
MILLRACE_ACTOR(q16_totals, {.id = "millrace.nexmark.channel_totals", .title = "Nexmark q16", .category = "Bench"})
MILLRACE_ACTOR(q17_select, {.id = "millrace.nexmark.select_days", .title = "Nexmark q17 input", .category = "Bench"})
MILLRACE_ACTOR(q17_totals, {.id = "millrace.nexmark.auction_totals", .title = "Nexmark q17", .category = "Bench"})

}  // namespace

topology q15(const query_options& o) {
  return query_topology{"q15", o}
      .then("split_ids")
      .by_key_then("distinct_ids")
      .by_key_then("day_totals")
      .also_by_key("split_ids.gains")
      .finish();
}
topology q16(const query_options& o) {
  return query_topology{"q16", o}.then("select_channels").by_key_then("channel_totals").finish();
}
topology q17(const query_options& o) {
  return query_topology{"q17", o}.then("select_days").by_key_then("auction_totals").finish();
}

}  // namespace millrace::nexmark
