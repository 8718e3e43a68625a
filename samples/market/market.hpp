// Market data: what trades cost against the quotes of their moment, and volume-weighted average prices by minute.
#pragma once

#include <string>

#include <millrace/context.hpp>
#include <millrace/port.hpp>
#include <millrace/record.hpp>
#include <millrace/temporal_join.hpp>
#include <millrace/time.hpp>
#include <millrace/topology.hpp>
#include <millrace/windows.hpp>

namespace market {

// Prices are whole ticks of a hundredth, so sums are exact and do not depend on the order of addition.

struct Quote {
  std::string symbol;
  std::int64_t bid{}, ask{};  ///< ticks
  millrace::event_time at{};
};
MILLRACE_RECORD(Quote, 1, symbol, bid, ask, at)

struct Trade {
  std::int64_t number{};
  std::string symbol;
  std::int64_t price{};  ///< ticks
  std::int64_t size{};   ///< shares
  millrace::event_time at{};
};
MILLRACE_RECORD(Trade, 1, number, symbol, price, size, at)

/// A trade with the quote that held when it was made.
struct Priced {
  std::int64_t number{};
  std::string symbol;
  std::int64_t price{}, size{};
  std::int64_t bid{}, ask{};
  std::int64_t cost{};  ///< twice the distance from the middle of bid and ask, in ticks times shares
  millrace::event_time at{};
  bool operator==(const Priced&) const = default;
};
MILLRACE_RECORD(Priced, 1, number, symbol, price, size, bid, ask, cost, at)

/// What a symbol traded at in a minute.
struct Minute {
  std::string symbol;
  millrace::event_time minute{};
  std::int64_t trades{}, shares{};
  std::int64_t turnover{};  ///< ticks times shares
  double vwap{};            ///< turnover by shares
  std::int64_t cost{};      ///< of its trades
  bool operator==(const Minute&) const = default;
};
MILLRACE_RECORD(Minute, 1, symbol, minute, trades, shares, turnover, vwap, cost)

/// Gives each trade the quote of its moment, however the two streams run against each other. A trade before the first
/// quote of its symbol goes to `unquoted`.
struct Pricing : millrace::processor {
  millrace::in<Quote> quotes{this, "quotes", &Pricing::on_quote, {.key = &Quote::symbol}};
  millrace::in<Trade> trades{this, "trades", &Pricing::on_trade, {.key = &Trade::symbol}};
  millrace::out<Priced> priced{this, "priced"};
  millrace::out<Trade> unquoted{this, "unquoted"};
  millrace::temporal_join<Trade, Quote> quote_at{
      this, "quote_at", {.kind = millrace::join_kind::left}, &Pricing::on_pair};

  void on_quote(millrace::context& c, const Quote& q) { quote_at.put(c, q.at, q); }
  void on_trade(millrace::context& c, const Trade& t) { quote_at.event(c, t.at, t); }
  void on_pair(millrace::context& c, const Trade& t, const Quote* q);
};

struct Sums {
  std::int64_t trades = 0, shares = 0, turnover = 0, cost = 0;
  void merge(const Sums& o) {
    trades += o.trades;
    shares += o.shares;
    turnover += o.turnover;
    cost += o.cost;
  }
};
MILLRACE_RECORD(Sums, 1, trades, shares, turnover, cost)

struct Vwap : millrace::processor {
  millrace::in<Priced> trades{this, "trades", &Vwap::on_trade, {.key = &Priced::symbol}};
  millrace::out<Minute> minutes{this, "minutes"};
  millrace::windows<Sums> per_minute{this, "per_minute", millrace::tumbling(std::chrono::minutes{1}), &Vwap::on_minute};

  void on_trade(millrace::context& c, const Priced& t);
  void on_minute(millrace::context& c, const millrace::window_result<Sums>& r);
};

/// quotes.csv, trades.csv → pricing → vwap → minutes; trades without a quote to a file of their own.
millrace::topology topology();

}  // namespace market
