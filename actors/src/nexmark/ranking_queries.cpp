// q18: the last bid of every bidder on every auction. q19: the ten highest bids of every auction.

#include <array>
#include <span>
#include <tuple>

#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "nexmark/query.hpp"
#include "nexmark/records.hpp"

namespace millrace::nexmark {

namespace {

struct numbered_bid {
  numbered_bid() noexcept {}  // NOLINT: as for bid
  std::uint64_t number{};
  std::uint64_t auction{};
  nexmark::bid bid;
};
MILLRACE_RECORD(numbered_bid, 1, number, auction, bid)

struct number_bids final : processor {
  in<event> events{this, "in", &number_bids::on_events};
  out<numbered_bid> bids{this, "out"};

  void on_events(context&, std::span<const event> batch) {
    for (const auto& e : batch) {
      if (e.kind != event_kind::bid) continue;
      auto& row = bids.row();
      row.number = e.number;
      row.auction = e.bid.auction;
      row.bid = e.bid;
      bids.emit();
    }
  }
};

// q18

struct q18_newest {
  event_time at;
  std::uint64_t number{};
};
MILLRACE_RECORD(q18_newest, 1, at, number)

struct q18_last final : processor {
  using key_type = std::tuple<std::uint64_t, std::uint64_t>;
  in<numbered_bid> bids{this, "in", &q18_last::on_bid, {.key = {"bidder, auction", [](const numbered_bid& b) {
                                                                  return key_type{b.bid.bidder, b.bid.auction};
                                                                }}}};
  out<bid> rows{this, "out"};
  keyed_value<q18_newest> newest{this, "newest"};

  /// Output is an upsert by bidder and auction, so no bid need be kept, only what the next one is compared with.
  void on_bid(context&, const numbered_bid& b) {
    const auto* known = newest.get();
    if (known != nullptr && std::tie(b.bid.date_time, b.number) < std::tie(known->at, known->number)) return;
    newest.set({b.bid.date_time, b.number});
    rows.emit(b.bid);
  }
};

// q19

/// Price and number of an auction's highest bids, the highest first; of equal prices the earlier event.
struct top_ten {
  struct place {
    std::int64_t price;
    std::uint64_t number;
  };
  std::array<place, 10> places;
  std::uint64_t count = 0;

  [[nodiscard]] bool has_room() const noexcept { return count < places.size(); }
  [[nodiscard]] bool takes(place p) const noexcept { return has_room() || is_before(p, places.back()); }
  /// Puts a bid in its place; the last one falls out when there is no room.
  void insert(place p) noexcept {
    auto at = has_room() ? count++ : places.size() - 1;
    for (; at != 0 && is_before(p, places[at - 1]); --at) places[at] = places[at - 1];
    places[at] = p;
  }
  static bool is_before(place a, place b) noexcept {
    return a.price != b.price ? a.price > b.price : a.number < b.number;
  }
};

/// A change of an auction's ten: a bid enters, or falls out again.
struct q19_row {
  q19_row() noexcept {}  // NOLINT: as for bid
  std::uint64_t auction{}, number{};
  bool falls_out = false;
  std::uint64_t bidder{};
  std::int64_t price{};
  channel_text channel;
  url_text url;
  event_time date_time;
  padding_text extra;
};
MILLRACE_RECORD(q19_row, 1, auction, number, falls_out, bidder, price, channel, url, date_time, extra)

}  // namespace

}  // namespace millrace::nexmark

namespace millrace {

template <>
struct codec<nexmark::top_ten> {
  static field_type type() {
    return {.kind = field_kind::list, .element = std::make_shared<const field_type>(codec<std::int64_t>::type())};
  }
  static void encode(msgpack::writer& w, const nexmark::top_ten& in) {
    w.array(static_cast<std::uint32_t>(2 * in.count));
    for (std::size_t i = 0; i < in.count; ++i) {
      w.integer(in.places[i].price);
      w.integer(in.places[i].number);
    }
  }
  static bool decode(msgpack::reader& r, nexmark::top_ten& out) {
    std::uint32_t n = 0;
    if (!r.array(n) || n % 2 != 0 || n / 2 > out.places.size()) return r.refuse();
    out.count = n / 2;
    for (std::size_t i = 0; i < out.count; ++i) {
      if (!r.integer(out.places[i].price) || !r.integer(out.places[i].number)) return false;
    }
    return true;
  }
};

}  // namespace millrace

namespace millrace::nexmark {

namespace {

struct q19_top final : processor {
  in<numbered_bid> bids{this, "in", &q19_top::on_bid, {.key = &numbered_bid::auction}};
  out<q19_row> rows{this, "out"};
  keyed_value<top_ten> highest{this, "highest"};

  void on_bid(context&, const numbered_bid& b) {
    const top_ten::place offer{b.bid.price, b.number};
    if (const auto* known = highest.get(); known != nullptr && !known->takes(offer)) return;
    auto& ten = *highest;
    if (!ten.has_room()) fall_out(b.auction, ten.places.back().number);
    ten.insert(offer);
    enter(b);
  }

private:
  void fall_out(std::uint64_t auction, std::uint64_t number) {
    q19_row row;
    row.auction = auction;
    row.number = number;
    row.falls_out = true;
    rows.emit(row);
  }
  void enter(const numbered_bid& b) {
    q19_row row;
    row.auction = b.auction;
    row.number = b.number;
    row.bidder = b.bid.bidder;
    row.price = b.bid.price;
    row.channel = b.bid.channel;
    row.url = b.bid.url;
    row.date_time = b.bid.date_time;
    row.extra = b.bid.extra;
    rows.emit(row);
  }
};

MILLRACE_ACTOR(number_bids, {.id = "millrace.nexmark.number_bids", .title = "Nexmark bids", .category = "Bench"})
MILLRACE_ACTOR(q18_last, {.id = "millrace.nexmark.last_bid", .title = "Nexmark q18", .category = "Bench"})
MILLRACE_ACTOR(q19_top, {.id = "millrace.nexmark.top_bids", .title = "Nexmark q19", .category = "Bench"})

}  // namespace

topology q18(const query_options& o) {
  return query_topology{"q18", o}.then("number_bids").by_key_then("last_bid").finish();
}
topology q19(const query_options& o) {
  return query_topology{"q19", o}.then("number_bids").by_key_then("top_bids").finish();
}

}  // namespace millrace::nexmark
