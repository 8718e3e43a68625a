#include "runtime/task_words.hpp"

#include <charconv>
#include <system_error>

#include "millrace/engine/trace.hpp"
#include "millrace/topology.hpp"

namespace millrace::runtime {

namespace {

constexpr std::string_view before_node = " on ";
constexpr std::string_view before_trace = " [trace ";
constexpr std::size_t trace_digits = 32;

/// Takes "ACTOR/PARTITION" from the beginning; false: there is none. What is left begins with ": " or a node.
bool take_task(std::string_view& line, task_words& out) {
  const auto slash = line.find('/');
  if (slash == std::string_view::npos || slash > line.find(": ")) return false;
  std::uint32_t partition = 0;
  const auto* const end = line.data() + line.size();
  const auto [stopped, failure] = std::from_chars(line.data() + slash + 1, end, partition);
  std::string actor{line.substr(0, slash)};
  if (failure != std::errc{} || !is_valid_name(actor)) return false;
  out.actor = std::move(actor);
  out.partition = partition;
  line.remove_prefix(static_cast<std::size_t>(stopped - line.data()));
  return true;
}

/// Takes " on NODE" where there is one.
void take_node(std::string_view& line, task_words& out) {
  if (!line.starts_with(before_node)) return;
  const auto name = line.substr(before_node.size(), line.find(": ") - before_node.size());
  if (!is_valid_name(std::string{name})) return;
  out.node = name;
  line.remove_prefix(before_node.size() + name.size());
}

void take_trace(std::string_view& line, task_words& out) {
  if (!line.ends_with(']') || line.size() < before_trace.size() + trace_digits + 1) return;
  const auto at = line.size() - trace_digits - 1;
  const auto id = line.substr(at, trace_digits);
  engine::trace_id read;
  if (!line.substr(0, at).ends_with(before_trace) || !engine::read_trace_id(id, read)) return;
  out.trace = id;
  line.remove_suffix(before_trace.size() + trace_digits + 1);
}

}  // namespace

task_words take_apart(std::string_view line) {
  task_words out;
  auto rest = line;
  if (take_task(rest, out)) take_node(rest, out);
  if (!out.actor.empty() && rest.starts_with(": ")) {
    rest.remove_prefix(2);
    take_trace(rest, out);
    out.text = rest;
    return out;
  }
  task_words whole;
  whole.text = line;
  return whole;
}

std::string said_on(const std::string& node, const std::string& line) {
  const auto words = take_apart(line);
  if (words.actor.empty() || !words.node.empty()) return node + ": " + line;
  const auto end = line.find(": ");
  return line.substr(0, end) + std::string{before_node} + node + line.substr(end);
}

}  // namespace millrace::runtime
