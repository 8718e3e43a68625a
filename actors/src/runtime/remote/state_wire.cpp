#include "runtime/remote/state_wire.hpp"

#include <utility>

namespace millrace::runtime::remote {

namespace {

std::vector<std::byte> bytes_of(const key_bytes& k) {
  const auto view = k.view();
  return {view.begin(), view.end()};
}

std::vector<std::vector<std::byte>> list_of(const std::optional<key_bytes>& k) {
  if (!k) return {};
  return {bytes_of(*k)};
}

std::optional<key_bytes> key_of(const std::vector<std::vector<std::byte>>& list) {
  if (list.empty()) return std::nullopt;
  return key_bytes{bytes_view{list.front()}};
}

}  // namespace

state_question to_wire(task_id task, std::uint64_t number, const engine::state_request& r) {
  return {task,
          number,
          static_cast<std::uint8_t>(r.what),
          r.state,
          bytes_of(r.key),
          r.prefix,
          list_of(r.from),
          list_of(r.to),
          r.cursor,
          r.limit};
}

engine::state_request from_wire(state_question&& q) {
  using kinds = engine::state_request::kind;
  engine::state_request out;
  out.what = q.asks == static_cast<std::uint8_t>(kinds::scan)   ? kinds::scan
             : q.asks == static_cast<std::uint8_t>(kinds::size) ? kinds::size
                                                                : kinds::get;
  out.state = std::move(q.state);
  out.key = key_bytes{bytes_view{q.key}};
  out.prefix = std::move(q.prefix);
  out.from = key_of(q.from);
  out.to = key_of(q.to);
  out.cursor = q.cursor;
  out.limit = q.limit;
  return out;
}

state_reply to_wire(task_id task, std::uint64_t number, const result<engine::state_answer>& a) {
  state_reply out;
  out.task = task;
  out.number = number;
  if (!a) {
    out.error = a.error().message;
    out.code = static_cast<std::uint8_t>(a.error().code);
    out.who = static_cast<std::uint8_t>(a.error().kind);
    return out;
  }
  for (const auto& r : a->rows) out.rows.push_back({r.key, r.states});
  for (const auto& [group, size] : a->groups) out.groups.push_back({group, size.rows, size.bytes});
  if (a->next) out.next.push_back(*a->next);
  return out;
}

result<engine::state_answer> from_wire(state_reply&& r) {
  if (!r.error.empty()) {
    return error{static_cast<errc>(r.code), static_cast<error_class>(r.who), std::move(r.error)};
  }
  engine::state_answer out;
  for (auto& row : r.rows) out.rows.push_back({std::move(row.key), std::move(row.states)});
  for (const auto& g : r.groups) out.groups[g.group] = {g.rows, g.bytes};
  if (!r.next.empty()) out.next = r.next.front();
  return out;
}

}  // namespace millrace::runtime::remote
