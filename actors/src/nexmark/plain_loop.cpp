#include "nexmark/plain_loop.hpp"

#include <absl/container/flat_hash_map.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <queue>
#include <tuple>
#include <vector>

#include "nexmark/window_of.hpp"

namespace millrace::nexmark {

namespace {

/// Takes rows as a sink without a purpose would: they are written, and counted.
template <class Row>
class ring {
public:
  Row& next() noexcept { return rows_[count_++ % rows_.size()]; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Keeps the compiler from leaving the rows out.
  void keep() const noexcept { asm volatile("" : : "r"(rows_.data()) : "memory"); }

private:
  std::vector<Row> rows_ = std::vector<Row>(256);
  std::uint64_t count_ = 0;
};

struct bid_row {
  bid_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  event_time at;
  padding_text extra;
};

void put(const bid& b, bid_row& row) {
  row.auction = b.auction;
  row.bidder = b.bidder;
  row.price = b.price;
  row.at = b.date_time;
  row.extra = b.extra;
}

using nanoseconds = std::chrono::nanoseconds;

std::uint64_t loop_q0(event_feed& feed, nanoseconds) {
  ring<bid_row> rows;
  for (event e; feed.next(e);) {
    if (e.kind != event_kind::bid) continue;
    put(e.bid, rows.next());
    rows.keep();
  }
  return rows.count();
}

std::uint64_t loop_q4(event_feed& feed, nanoseconds delay) {
  struct running {
    event_time starts, expires;
    std::uint64_t category;
    std::int64_t highest;
  };
  struct closing {
    event_time at;
    std::uint64_t auction;
    bool operator>(const closing& other) const { return at > other.at; }
  };
  struct sum {
    std::uint64_t auctions = 0;
    std::int64_t total = 0;
  };
  absl::flat_hash_map<std::uint64_t, running> auctions;
  std::priority_queue<closing, std::vector<closing>, std::greater<>> ends;
  std::map<std::uint64_t, sum> sums;
  ring<std::pair<std::uint64_t, double>> rows;
  const auto close_to = [&](event_time now) {
    while (!ends.empty() && ends.top().at <= now) {
      const auto at = auctions.find(ends.top().auction);
      ends.pop();
      if (at->second.highest >= 0) {
        auto& s = sums[at->second.category];
        s.total += at->second.highest;
        rows.next() = {at->second.category, static_cast<double>(s.total) / static_cast<double>(++s.auctions)};
      }
      auctions.erase(at);
    }
  };
  for (event e; feed.next(e);) {
    if (e.kind == event_kind::auction) {
      const auto& a = e.auction.front();
      auctions[a.id] = {a.date_time, a.expires, a.category, -1};
      ends.push({a.expires, a.id});
    } else if (e.kind == event_kind::bid) {
      const auto at = auctions.find(e.bid.auction);
      if (at != auctions.end() && e.at >= at->second.starts && e.at <= at->second.expires) {
        at->second.highest = std::max(at->second.highest, e.bid.price);
      }
    }
    close_to(e.at - delay);
  }
  close_to(event_time::max());
  rows.keep();
  return rows.count();
}

std::uint64_t loop_q5(event_feed& feed, nanoseconds delay) {
  struct row {
    std::int64_t window;
    std::uint64_t auction, bids;
  };
  using counts = absl::flat_hash_map<std::uint64_t, std::uint64_t>;
  std::map<std::int64_t, counts> slices;
  ring<row> rows;
  constexpr std::int64_t span = 5;
  const auto fire = [&](std::int64_t last) {
    counts of_window;
    std::uint64_t most = 0;
    for (auto slice = slices.lower_bound(last - span + 1); slice != slices.end() && slice->first <= last; ++slice) {
      for (const auto& [auction, n] : slice->second) most = std::max(most, of_window[auction] += n);
    }
    for (const auto& [auction, n] : of_window) {
      if (n == most) rows.next() = {last, auction, n};
    }
    slices.erase(slices.begin(), slices.upper_bound(last - span));
  };
  std::int64_t newest = 0;
  std::int64_t fired = 0;
  for (event e; feed.next(e);) {
    if (e.kind != event_kind::bid) continue;
    newest = two_seconds.of(e.at);
    ++slices[newest][e.bid.auction];
    const auto complete = two_seconds.of(e.at - delay) - 1;
    if (fired == 0) fired = complete;
    while (fired < complete) fire(++fired);
  }
  while (fired < newest + span - 1) fire(++fired);
  rows.keep();
  return rows.count();
}

std::uint64_t loop_q7(event_feed& feed, nanoseconds delay) {
  std::map<std::int64_t, std::vector<bid_row>> windows;
  ring<bid_row> rows;
  const auto fire_to = [&](event_time now) {
    while (!windows.empty() && ten_seconds.end(windows.begin()->first) <= now) {
      for (const auto& row : windows.begin()->second) rows.next() = row;
      windows.erase(windows.begin());
    }
  };
  for (event e; feed.next(e);) {
    if (e.kind != event_kind::bid) continue;
    auto& leaders = windows[ten_seconds.of(e.at)];
    if (leaders.empty() || leaders.front().price <= e.bid.price) {
      if (!leaders.empty() && leaders.front().price < e.bid.price) leaders.clear();
      put(e.bid, leaders.emplace_back());
    }
    fire_to(e.at - delay);
  }
  fire_to(event_time::max());
  rows.keep();
  return rows.count();
}

std::uint64_t loop_q11(event_feed& feed, nanoseconds delay) {
  constexpr nanoseconds gap = std::chrono::seconds{10};
  struct session {
    event_time first, last;
    std::uint64_t bids = 0;
  };
  struct row {
    std::uint64_t bidder, bids;
    event_time first, last;
  };
  struct ending {
    event_time at;
    std::uint64_t bidder;
  };
  absl::flat_hash_map<std::uint64_t, session> open;
  std::deque<ending>
      ends;  // each bidder once; in order, because every entry lies one gap behind the time it is made at
  ring<row> rows;
  const auto close_to = [&](event_time now) {
    while (!ends.empty() && ends.front().at <= now) {
      const auto bidder = ends.front().bidder;
      ends.pop_front();
      const auto at = open.find(bidder);
      if (at->second.last + gap <= now) {
        rows.next() = {bidder, at->second.bids, at->second.first, at->second.last};
        open.erase(at);
      } else {
        ends.push_back({now + gap, bidder});
      }
    }
  };
  for (event e; feed.next(e);) {
    if (e.kind != event_kind::bid) continue;
    auto& s = open[e.bid.bidder];
    if (s.bids != 0 && e.at - s.last >= gap) {
      rows.next() = {e.bid.bidder, s.bids, s.first, s.last};
      s.bids = 0;
      s.first = e.at;
    } else if (s.bids == 0) {
      s.first = e.at;
      ends.push_back({e.at + gap, e.bid.bidder});
    }
    s.last = e.at;
    ++s.bids;
    close_to(e.at - delay);
  }
  for (const auto& [bidder, s] : open) rows.next() = {bidder, s.bids, s.first, s.last};
  rows.keep();
  return rows.count();
}

std::uint64_t loop_q16(event_feed& feed, nanoseconds) {
  using marks = absl::flat_hash_map<std::uint64_t, std::uint8_t>;
  using counts = std::array<std::uint64_t, 4>;
  struct day_of_channel {
    counts bids{}, bidders{}, auctions{};
    marks bidders_seen, auctions_seen;
  };
  struct row {
    channel_text channel;
    std::int64_t day;
    counts bids, bidders, auctions;
  };
  absl::flat_hash_map<std::pair<std::string, std::int64_t>, day_of_channel> totals;
  ring<row> rows;
  const auto add = [](marks& seen, std::uint64_t id, std::size_t rank, counts& to) {
    auto& mark = seen[id];
    if (mark == 0) ++to[0];
    if ((mark >> rank & 1) == 0) ++to[rank];
    mark = static_cast<std::uint8_t>(mark | 1U << rank);
  };
  for (event e; feed.next(e);) {
    if (e.kind != event_kind::bid) continue;
    const auto day = days.of(e.at);
    auto& t = totals[{std::string{e.bid.channel.view()}, day}];
    const std::size_t rank = e.bid.price < 10'000 ? 1 : e.bid.price < 1'000'000 ? 2 : 3;
    ++t.bids[0];
    ++t.bids[rank];
    add(t.bidders_seen, e.bid.bidder, rank, t.bidders);
    add(t.auctions_seen, e.bid.auction, rank, t.auctions);
    rows.next() = {e.bid.channel, day, t.bids, t.bidders, t.auctions};
    rows.keep();
  }
  return rows.count();
}

std::uint64_t loop_q19(event_feed& feed, nanoseconds) {
  struct place {
    std::int64_t price;
    std::uint64_t number;
    bool operator<(const place& other) const { return std::tie(other.price, number) < std::tie(price, other.number); }
  };
  struct row {
    std::uint64_t number;
    bool falls_out;
    bid offer;
  };
  absl::flat_hash_map<std::uint64_t, std::vector<place>> tops;
  ring<row> rows;
  for (event e; feed.next(e);) {
    if (e.kind != event_kind::bid) continue;
    auto& top = tops[e.bid.auction];
    const place offer{e.bid.price, e.number};
    if (top.size() == 10) {
      if (top.back() < offer) continue;
      auto& out = rows.next();
      out.number = top.back().number;
      out.falls_out = true;
      top.pop_back();
    }
    top.insert(std::upper_bound(top.begin(), top.end(), offer), offer);
    auto& in = rows.next();
    in.number = e.number;
    in.falls_out = false;
    in.offer = e.bid;
    rows.keep();
  }
  return rows.count();
}

struct plain_loop {
  const char* query;
  std::uint64_t (*run)(event_feed&, nanoseconds delay);
};

constexpr std::array loops{plain_loop{"q0", loop_q0},  plain_loop{"q4", loop_q4},   plain_loop{"q5", loop_q5},
                           plain_loop{"q7", loop_q7},  plain_loop{"q11", loop_q11}, plain_loop{"q16", loop_q16},
                           plain_loop{"q19", loop_q19}};

const plain_loop* find_loop(const std::string& query) {
  const auto at = std::ranges::find_if(loops, [&](const plain_loop& l) { return query == l.query; });
  return at == loops.end() ? nullptr : &*at;
}

double thread_cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_THREAD, &u);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return s(u.ru_utime) + s(u.ru_stime);
}

}  // namespace

bool has_plain_loop(const std::string& query) {
  return find_loop(query) != nullptr;
}

result<loop_figures> run_plain_loop(const std::string& query, const feed_options& o) {
  const auto* loop = find_loop(query);
  if (loop == nullptr) return user_error(errc::not_found, "there is no plain loop for " + query);
  event_feed feed{o};
  if (auto ok = feed.open(); !ok) return std::move(ok).error();
  const auto before = thread_cpu_seconds();
  loop_figures f;
  f.outputs = loop->run(feed, watermark_delay(o.stream));
  f.cpu_s = thread_cpu_seconds() - before;
  f.events = feed.events();
  if (!feed.problem()) return feed.problem().error();
  return f;
}

}  // namespace millrace::nexmark
