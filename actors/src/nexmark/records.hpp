#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/inline_string.hpp"
#include "millrace/record.hpp"
#include "millrace/time.hpp"

namespace millrace::nexmark {

/// Longest texts of a bid; the generator stays within them, a file with longer ones is refused.
using channel_text = inline_string<15>;
using url_text = inline_string<79>;
using padding_text = inline_string<87>;

struct person {
  std::uint64_t id{};
  std::string name, email, credit_card, city, state;
  event_time date_time;
  std::string extra;
};
MILLRACE_RECORD(person, 1, id, name, email, credit_card, city, state, date_time, extra)

struct auction {
  std::uint64_t id{};
  std::string item_name, description;
  std::int64_t initial_bid{}, reserve{};
  event_time date_time, expires;
  std::uint64_t seller{}, category{};
  std::string extra;
};
MILLRACE_RECORD(auction, 1, id, item_name, description, initial_bid, reserve, date_time, expires, seller, category,
                extra)

/// 46 of 50 events, so its texts lie inside it.
struct bid {
  bid() noexcept {}  // NOLINT: user-provided, so that making one does not fill its texts with zeros
  std::uint64_t auction{}, bidder{};
  std::int64_t price{};
  event_time date_time;
  channel_text channel;
  url_text url;
  padding_text extra;
};
MILLRACE_RECORD(bid, 1, auction, bidder, price, date_time, channel, url, extra)

enum class event_kind : std::uint8_t { person, auction, bid };

/// One event of the auction site. The rare kinds lie outside, so that a bid costs no more than it is; one stream of all
/// kinds keeps the order they happened in, which is what joins of bids with their auctions live on.
struct event {
  event() noexcept {}  // NOLINT: as for bid
  std::uint64_t number{};
  event_kind kind{};
  event_time at;
  std::vector<nexmark::person> person;    ///< one, or none
  std::vector<nexmark::auction> auction;  ///< one, or none
  nexmark::bid bid;                       ///< meaningless unless `kind` says so
};
MILLRACE_RECORD(event, 1, number, kind, at, person, auction, bid)

}  // namespace millrace::nexmark
