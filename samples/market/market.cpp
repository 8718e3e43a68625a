#include "market.hpp"

#include <cstdlib>

#include <millrace/registry.hpp>

namespace market {

MILLRACE_ACTOR(Pricing, {.id = "sample.pricing",
                         .title = "Pricing",
                         .category = "Market",
                         .help = "Joins trades with the quotes that held when they were made."})
MILLRACE_ACTOR(Vwap, {.id = "sample.vwap",
                      .title = "VWAP",
                      .category = "Market",
                      .help = "Volume-weighted average price by symbol and minute."})

void Pricing::on_pair(millrace::context&, const Trade& t, const Quote* q) {
  if (q == nullptr) return unquoted.emit(t);
  const auto cost = std::abs(2 * t.price - q->bid - q->ask) * t.size;
  priced.emit({t.number, t.symbol, t.price, t.size, q->bid, q->ask, cost, t.at});
}

void Vwap::on_trade(millrace::context& c, const Priced& t) {
  per_minute.add(c, t.at, [&](Sums& s) { s.merge({1, t.size, t.price * t.size, t.cost}); });
}

void Vwap::on_minute(millrace::context& c, const millrace::window_result<Sums>& r) {
  const auto& s = r.value;
  minutes.emit({c.key<std::string>(), r.window.start, s.trades, s.shares, s.turnover,
                static_cast<double>(s.turnover) / static_cast<double>(s.shares), s.cost});
}

millrace::topology topology() {
  millrace::topology t;
  t.name = "market";
  t.add("quotes", "millrace.file_source",
        {{"path", "quotes.csv"}, {"fields", "symbol:string,bid:int64,ask:int64,at:event_time"}, {"disorder", 2000}});
  t.add("trades", "millrace.file_source",
        {{"path", "trades.csv"},
         {"fields", "number:int64,symbol:string,price:int64,size:int64,at:event_time"},
         {"disorder", 2000}});
  t.add("by_symbol", "millrace.by_key");
  t.add("by_symbol_too", "millrace.by_key");
  t.add("pricing", "sample.pricing", {}, 2);
  t.add("by_priced_symbol", "millrace.by_key", {}, 2);
  t.add("vwap", "sample.vwap", {}, 2);
  t.add("minutes", "millrace.file_sink", {{"path", "market.output/minutes"}}, 2);
  t.add("priced", "millrace.file_sink", {{"path", "market.output/priced"}}, 2);
  t.add("unquoted", "millrace.file_sink", {{"path", "market.output/unquoted"}}, 2);
  t.connect("quotes", "by_symbol").connect("by_symbol", "pricing.quotes");
  t.connect("trades", "by_symbol_too").connect("by_symbol_too", "pricing.trades");
  t.connect("pricing.priced", "by_priced_symbol").connect("by_priced_symbol", "vwap.trades");
  t.connect("vwap.minutes", "minutes").connect("pricing.priced", "priced").connect("pricing.unquoted", "unquoted");
  return t;
}

}  // namespace market
