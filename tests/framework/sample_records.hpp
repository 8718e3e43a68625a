#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/typed_batch.hpp"

/// Records the tests of the codec share: one flat, one with a string, one with every kind of field, two versions of
/// one.
namespace sample {

enum class side : std::uint8_t { buy = 1, sell = 2 };

struct bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  millrace::event_time at;
  friend bool operator==(const bid&, const bid&) = default;
};
MILLRACE_RECORD(bid, 1, auction, bidder, price, at)

struct trade {
  std::string account;
  double amount{};
  millrace::event_time at{};
  std::string venue = "?";
  friend bool operator==(const trade&, const trade&) = default;
};
MILLRACE_RECORD(trade, 2, account, amount, at, since(2, venue))

struct trade_v1 {
  std::string account;
  double amount{};
  millrace::event_time at{};
};
MILLRACE_RECORD(trade_v1, 1, account, amount, at)

struct leg {
  std::int32_t quantity = 1;
  std::string unit;
  friend bool operator==(const leg&, const leg&) = default;
};
MILLRACE_RECORD(leg, 1, quantity, unit)

struct everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::uint16_t u16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  std::string text;
  std::vector<std::byte> blob;
  millrace::event_time at;
  millrace::decimal price;
  sample::side side = sample::side::buy;
  leg nested;
  std::optional<std::int32_t> maybe;
  std::optional<leg> maybe_leg;
  std::vector<double> list;
  std::vector<leg> legs;
  std::map<std::string, std::int64_t> counts;
  friend bool operator==(const everything&, const everything&) = default;
};
MILLRACE_RECORD(everything, 4, flag, i8, u16, i32, i64, u64, f32, f64, personal(text), blob, at, price, side, nested,
                since(2, maybe), since(2, maybe_leg), since(3, list), since(3, personal(legs)), since(4, counts))

inline everything full_example() {
  return {.flag = true,
          .i8 = -7,
          .u16 = 60000,
          .i32 = -70000,
          .i64 = -5'000'000'000,
          .u64 = std::numeric_limits<std::uint64_t>::max(),
          .f32 = 1.5f,
          .f64 = -2.25,
          .text = "text with \0 inside and \xff",
          .blob = {std::byte{1}, std::byte{0}, std::byte{255}},
          .at = {1'700'000'000'000'000'000},
          .price = {-1999, 2},
          .side = side::sell,
          .nested = {3, "kg"},
          .maybe = -1,
          .maybe_leg = leg{9, "m"},
          .list = {1.0, -0.0, 3.5},
          .legs = {{1, "a"}, {2, "b"}},
          .counts = {{"x", 1}, {"y", -2}}};
}

/// A batch of the records given.
template <class T>
millrace::batch_ptr batch_of(const std::vector<T>& records) {
  millrace::typed_builder<T> builder{static_cast<std::uint32_t>(records.size())};
  for (const T& r : records) builder.push(r);
  return builder.finish();
}

inline std::vector<bid> bids(std::int64_t count) {
  std::vector<bid> made;
  for (std::int64_t i = 0; i < count; ++i) made.push_back({i % 97, i, i * 3, {1000 + i}});
  return made;
}

inline std::vector<trade> trades(std::int64_t count) {
  std::vector<trade> made;
  for (std::int64_t i = 0; i < count; ++i) {
    made.push_back({"account-" + std::to_string(i % 53), static_cast<double>(i) / 4, {i}, i % 2 == 0 ? "X" : "Y"});
  }
  return made;
}

}  // namespace sample
