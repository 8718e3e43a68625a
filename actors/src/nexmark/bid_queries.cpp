// Queries that look at one bid at a time: q0, q1, q2, q10, q13, q14, q21, q22.

#include <algorithm>
#include <array>
#include <span>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/text/time_text.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"
#include "nexmark/side_table.hpp"

namespace millrace::nexmark {

namespace {

struct q0_row {
  q0_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  event_time date_time;
  padding_text extra;
};
MILLRACE_RECORD(q0_row, 1, auction, bidder, price, date_time, extra)

struct q1_row {
  q1_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  double price{};
  event_time date_time;
  padding_text extra;
};
MILLRACE_RECORD(q1_row, 1, auction, bidder, price, date_time, extra)

struct q2_row {
  std::uint64_t auction{};
  std::int64_t price{};
};
MILLRACE_RECORD(q2_row, 1, auction, price)

struct q10_row {
  q10_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  event_time date_time;
  padding_text extra;
  inline_string<15> day, minute;
};
MILLRACE_RECORD(q10_row, 1, auction, bidder, price, date_time, extra, day, minute)

struct q13_row {
  q13_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  event_time date_time;
  side_value value;
};
MILLRACE_RECORD(q13_row, 1, auction, bidder, price, date_time, value)

struct q14_row {
  q14_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  double price{};
  inline_string<15> bid_time_type;
  event_time date_time;
  padding_text extra;
  std::int64_t c_counts{};
};
MILLRACE_RECORD(q14_row, 1, auction, bidder, price, bid_time_type, date_time, extra, c_counts)

struct q21_row {
  q21_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  channel_text channel;
  inline_string<31> channel_id;
};
MILLRACE_RECORD(q21_row, 1, auction, bidder, price, channel, channel_id)

struct q22_row {
  q22_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  channel_text channel;
  inline_string<31> dir1, dir2, dir3;
};
MILLRACE_RECORD(q22_row, 1, auction, bidder, price, channel, dir1, dir2, dir3)

template <class Row>
void put_bid(const bid& b, Row& row) {
  row.auction = b.auction;
  row.bidder = b.bidder;
  row.price = b.price;
}

constexpr double rate = 0.908;

struct pass_all {
  using row = q0_row;
  static bool wants(const bid&) { return true; }
  static void fill(const bid& b, row& r) {
    put_bid(b, r);
    r.date_time = b.date_time;
    r.extra = b.extra;
  }
};

struct convert_price {
  using row = q1_row;
  static bool wants(const bid&) { return true; }
  static void fill(const bid& b, row& r) {
    r.auction = b.auction;
    r.bidder = b.bidder;
    r.price = static_cast<double>(b.price) * rate;
    r.date_time = b.date_time;
    r.extra = b.extra;
  }
};

struct pick_auctions {
  using row = q2_row;
  static bool wants(const bid& b) { return b.auction % 123 == 0; }
  static void fill(const bid& b, row& r) { r = {b.auction, b.price}; }
};

struct tell_minute {
  using row = q10_row;
  static bool wants(const bid&) { return true; }
  static void fill(const bid& b, row& r) {
    put_bid(b, r);
    r.date_time = b.date_time;
    r.extra = b.extra;
    const auto& text = minute_of(b.date_time);
    r.day = std::string_view{text}.substr(0, 10);
    r.minute = std::string_view{text}.substr(11, 5);
  }

private:
  /// The time as text, right up to its minute. Bids come nearly in order, so it is mostly that of the bid before.
  static const std::string& minute_of(event_time at) {
    constexpr std::int64_t minute_ns = 60'000'000'000;
    thread_local std::int64_t known = std::numeric_limits<std::int64_t>::min();
    thread_local std::string text;
    if (const auto minute = at.ns / minute_ns; minute != known) {
      known = minute;
      text.clear();
      append_iso_time(text, at);
    }
    return text;
  }
};

struct look_up_side_value {
  using row = q13_row;
  static bool wants(const bid&) { return true; }
  static void fill(const bid& b, row& r) {
    static const auto table = make_side_table();
    put_bid(b, r);
    r.date_time = b.date_time;
    r.value = table[b.auction % side_rows];
  }
};

struct classify_time {
  using row = q14_row;
  static double price_of(const bid& b) { return rate * static_cast<double>(b.price); }
  static bool wants(const bid& b) { return price_of(b) > 1'000'000 && price_of(b) < 50'000'000; }
  static void fill(const bid& b, row& r) {
    constexpr std::int64_t hour_ns = 3'600'000'000'000;
    r.auction = b.auction;
    r.bidder = b.bidder;
    r.price = price_of(b);
    const auto hour = (b.date_time.ns / hour_ns % 24 + 24) % 24;
    const bool is_day = hour >= 8 && hour <= 18;
    const bool is_night = hour <= 6 || hour >= 20;
    r.bid_time_type = std::string_view{is_day ? "dayTime" : is_night ? "nightTime" : "otherTime"};
    r.date_time = b.date_time;
    r.extra = b.extra;
    r.c_counts = std::ranges::count(b.extra.view(), 'c');
  }
};

struct find_channel_id {
  using row = q21_row;
  /// Empty: the bid has none.
  static std::string_view id_of(const bid& b) {
    static constexpr std::array<std::string_view, 4> names{"Apple", "Google", "Facebook", "Baidu"};
    static constexpr std::array<std::string_view, 4> ids{"0", "1", "2", "3"};
    const auto channel = b.channel.view();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (is_same_word(channel, names[i])) return ids[i];
    }
    constexpr std::string_view mark = "&channel_id=";
    const auto url = b.url.view();
    const auto at = url.find(mark);
    if (at == std::string_view::npos) return {};
    const auto from = url.substr(at + mark.size());
    return from.substr(0, from.find('&'));
  }
  static bool wants(const bid& b) { return !id_of(b).empty(); }
  static void fill(const bid& b, row& r) {
    put_bid(b, r);
    r.channel = b.channel;
    r.channel_id = id_of(b);
  }

private:
  static bool is_same_word(std::string_view a, std::string_view b) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return a.size() == b.size() && std::ranges::equal(a, b, {}, low, low);
  }
};

struct split_url {
  using row = q22_row;
  static bool wants(const bid&) { return true; }
  static void fill(const bid& b, row& r) {
    put_bid(b, r);
    r.channel = b.channel;
    auto rest = b.url.view();
    for (int i = 0; i < 3; ++i) (void)next_part(rest);
    r.dir1 = next_part(rest);
    r.dir2 = next_part(rest);
    r.dir3 = next_part(rest);
  }

private:
  static std::string_view next_part(std::string_view& rest) {
    const auto end = std::min(rest.find('/'), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
  }
};

/// Makes a row of each bid that `Query` wants.
template <class Query>
struct bid_stage final : processor {
  in<event> events{this, "in", &bid_stage::on_events};
  out<typename Query::row> rows{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind != event_kind::bid || !Query::wants(e.bid)) continue;
      typename Query::row row;
      Query::fill(e.bid, row);  // throws when a text of a strange input is too long
      rows.emit(row);
    }
  }
};

MILLRACE_ACTOR(bid_stage<pass_all>, {.id = "millrace.nexmark.pass_bids", .title = "Nexmark q0", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<convert_price>,
               {.id = "millrace.nexmark.convert_price", .title = "Nexmark q1", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<pick_auctions>,
               {.id = "millrace.nexmark.pick_auctions", .title = "Nexmark q2", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<tell_minute>,
               {.id = "millrace.nexmark.tell_minute", .title = "Nexmark q10", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<look_up_side_value>,
               {.id = "millrace.nexmark.look_up_side_value", .title = "Nexmark q13", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<classify_time>,
               {.id = "millrace.nexmark.classify_time", .title = "Nexmark q14", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<find_channel_id>,
               {.id = "millrace.nexmark.find_channel_id", .title = "Nexmark q21", .category = "Bench"})
MILLRACE_ACTOR(bid_stage<split_url>, {.id = "millrace.nexmark.split_url", .title = "Nexmark q22", .category = "Bench"})

}  // namespace

topology q0(const query_options& o) {
  return query_topology{"q0", o}.then("pass_bids").finish();
}
topology q1(const query_options& o) {
  return query_topology{"q1", o}.then("convert_price").finish();
}
topology q2(const query_options& o) {
  return query_topology{"q2", o}.then("pick_auctions").finish();
}
topology q10(const query_options& o) {
  return query_topology{"q10", o}.then("tell_minute").finish("day,minute");
}
topology q13(const query_options& o) {
  return query_topology{"q13", o}.then("look_up_side_value").finish();
}
topology q14(const query_options& o) {
  return query_topology{"q14", o}.then("classify_time").finish();
}
topology q21(const query_options& o) {
  return query_topology{"q21", o}.then("find_channel_id").finish();
}
topology q22(const query_options& o) {
  return query_topology{"q22", o}.then("split_url").finish();
}

}  // namespace millrace::nexmark
