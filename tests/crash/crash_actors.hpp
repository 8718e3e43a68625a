#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"

namespace millrace::crash {

/// A line of the input.
struct entry {
  std::string account;
  std::int64_t number{};  ///< of the line in its file, from 1
  std::int64_t amount{};
  event_time at;
};
MILLRACE_RECORD(entry, 1, account, number, amount, at)

/// A line of the output: one for each entry of an account that one file alone feeds (kind "run"), one for each account
/// and second of event time (kind "sum").
struct statement {
  std::string account;
  std::string kind;
  std::int64_t number{};  ///< run: of the entry; sum: the second
  std::int64_t count{};   ///< run: entries of the account so far; sum: entries in that second
  std::int64_t total{};   ///< run: balance; sum: turnover of the second
  std::int64_t recent{};  ///< run: sum of the last five amounts; sum: 0
};
MILLRACE_RECORD(statement, 1, account, kind, number, count, total, recent)

/// Turnover of one second.
struct turnover {
  std::int64_t count{};
  std::int64_t total{};
};
MILLRACE_RECORD(turnover, 1, count, total)

/// How far the input of the first file has come, for kills at a given progress.
std::atomic<std::int64_t>& progress();

/// Keeps value, list, map and timer state per account, all of which end up in the output.
struct ledger : processor {
  in<entry> entries{this, "in", &ledger::on_entry, {.key = &entry::account}};
  out<statement> statements{this, "out"};
  keyed_value<turnover> so_far{this, "so_far"};
  list<std::int64_t> last{this, "last"};
  map<std::int64_t, turnover> seconds{this, "seconds"};
  timer second_over{this, "second_over", &ledger::on_second_over};

  void on_entry(context& c, const entry& e);
  void on_second_over(context& c, event_time at);
};

}  // namespace millrace::crash
