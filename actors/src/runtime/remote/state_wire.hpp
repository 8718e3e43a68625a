#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "millrace/engine/state_query.hpp"
#include "millrace/error.hpp"
#include "millrace/record.hpp"
#include "runtime/remote/wire.hpp"

namespace millrace::runtime::remote {

/// A question about the keyed state of a task; the answer has its number.
struct state_question {
  static constexpr auto what = kind::question;
  task_id task{};
  std::uint64_t number = 0;
  std::uint8_t asks = 0;  ///< engine::state_request::kind
  std::string state;
  std::vector<std::byte> key;
  std::string prefix;
  std::vector<std::vector<std::byte>> from, to;  ///< none or one
  std::uint32_t cursor = 0;
  std::uint32_t limit = 0;
};
MILLRACE_RECORD(state_question, 1, task, number, asks, state, key, prefix, from, to, cursor, limit)

struct state_group {
  std::uint32_t group = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};
MILLRACE_RECORD(state_group, 1, group, rows, bytes)

struct state_line {
  std::string key;
  std::map<std::string, std::string> states;
};
MILLRACE_RECORD(state_line, 1, key, states)

struct state_reply {
  static constexpr auto what = kind::answer;
  task_id task{};
  std::uint64_t number = 0;
  std::string error;  ///< empty: there is an answer
  std::uint8_t code = 0;
  std::uint8_t who = 0;
  std::vector<state_line> rows;
  std::vector<state_group> groups;
  std::vector<std::uint32_t> next;  ///< none or one
};
MILLRACE_RECORD(state_reply, 1, task, number, error, code, who, rows, groups, next)

[[nodiscard]] state_question to_wire(task_id task, std::uint64_t number, const engine::state_request& r);
[[nodiscard]] engine::state_request from_wire(state_question&& q);
[[nodiscard]] state_reply to_wire(task_id task, std::uint64_t number, const result<engine::state_answer>& a);
[[nodiscard]] result<engine::state_answer> from_wire(state_reply&& r);

}  // namespace millrace::runtime::remote
