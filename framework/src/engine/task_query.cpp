#include <algorithm>

#include "millrace/engine/state_text.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/key_group.hpp"

namespace millrace::engine {

namespace {

// Pages looked at for one answer: 8,192 rows, some 100 µs where nothing fits.
constexpr std::uint32_t pages_per_answer = 32;
// In memory kept short, every page may have to come from the disk.
constexpr std::uint32_t spilled_pages_per_answer = 8;
constexpr std::uint32_t rows_per_answer_max = 500;
// Of all rows of an answer: a message of the control protocol holds 1 MiB.
constexpr std::size_t answer_bytes_max = std::size_t{256} << 10;
// How long the task is kept from its work for one answer; what is left is asked for again.
constexpr std::int64_t answer_ns_max = 50'000'000;

bool is_internal(const cell& c) {
  return c.type == "ttl";
}

bool matches(const state_request& r, const key_bytes& key) {
  if (!r.prefix.empty() && !key_starts_with(key.view(), r.prefix)) return false;
  if (r.from && is_key_before(key.view(), r.from->view())) return false;
  return !r.to || is_key_before(key.view(), r.to->view());
}

}  // namespace

result<state_answer> task::query(const state_request& request) {
  auto& state = actor_access::state(*parts_.behavior);
  state.deselect();  // windows that wait for credit leave their key: its row may have to make room
  if (request.what == state_request::kind::size) return measure(request);
  const auto cells = cells_asked_for(request.state);
  if (!cells) return cells.error();
  read_state_clock();
  state.clock().set_watermark(watermarks_.current());
  if (request.what == state_request::kind::scan) return scan(request, *cells);
  state_answer out;
  const auto id = state.rows().find(key_hash(request.key.view()), request.key);
  if (id == no_row) return out;
  auto found = row_of(state.rows().row(id), *cells);
  if (!found.states.empty()) out.rows.push_back(std::move(found));
  return out;
}

result<std::uint32_t> task::cells_asked_for(const std::string& state) const {
  const auto& cells = actor_access::state(*parts_.behavior).rows().layout().cells();
  std::uint32_t asked = 0;
  std::string names;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (is_internal(cells[i])) continue;
    names += (names.empty() ? "'" : ", '") + cells[i].name + "'";
    if (state.empty() || state == cells[i].name) asked |= std::uint32_t{1} << i;
  }
  if (asked != 0) return asked;
  const auto& actor = context_.actor_name();
  return user_error(errc::not_found, names.empty() ? "'" + actor + "' keeps no state by key"
                                                   : "'" + actor + "' has no state '" + state + "'; it has " + names);
}

state_answer task::scan(const state_request& request, std::uint32_t cells) {
  auto& state = actor_access::state(*parts_.behavior);
  auto& rows = state.rows();
  state_answer out;
  const auto limit = std::min(request.limit, rows_per_answer_max);
  const auto pages = rows.is_paged() ? spilled_pages_per_answer : pages_per_answer;
  std::size_t bytes = 0;
  auto row = request.cursor;
  const auto end = rows.pages() * row_page::rows;
  const auto stop = std::min<std::uint64_t>(end, std::uint64_t{row} + pages * row_page::rows);
  const auto until = parts_.time->steady_ns() + answer_ns_max;
  for (; row < stop && out.rows.size() < limit && bytes < answer_bytes_max; ++row) {
    if (!out.rows.empty() && parts_.time->steady_ns() >= until) break;
    const auto* at = rows.live_row(row);
    if (at == nullptr || !matches(request, header_of(at).key)) continue;
    auto found = row_of(at, cells);
    if (found.states.empty()) continue;
    for (const auto& [name, text] : found.states) bytes += name.size() + text.size();
    out.rows.push_back(std::move(found));
  }
  if (row < end) out.next = row;
  return out;
}

state_answer task::measure(const state_request& request) {
  auto& rows = actor_access::state(*parts_.behavior).rows();
  state_answer out;
  const auto count = rows.is_paged() ? spilled_pages_per_answer : pages_per_answer;
  auto page = request.cursor;
  const auto until = parts_.time->steady_ns() + answer_ns_max;
  for (const auto stop = std::min(rows.pages(), page + count); page < stop; ++page) {
    if (page != request.cursor && parts_.time->steady_ns() >= until) break;
    rows.for_each_in(page, [&](row_id, const std::byte* row) {
      auto& group = out.groups[key_group_of(key_hash(header_of(row).key.view()), parts_.key_groups).value];
      ++group.rows;
      group.bytes += rows.layout().row_bytes() + rows.layout().heap_of(row);
    });
  }
  if (page < rows.pages()) out.next = page;
  return out;
}

state_row task::row_of(const std::byte* row, std::uint32_t cells) const {
  const auto& state = actor_access::state(*parts_.behavior);
  const auto& layout = state.rows().layout();
  state_row out{key_json(header_of(row).key.view()), {}};
  for (std::size_t i = 0; i < layout.cells().size(); ++i) {
    if ((cells >> i & 1U) == 0 || !state.is_visible(i, row)) continue;
    const auto& c = layout.cells()[i];
    byte_buffer content;
    msgpack::writer w{content};
    c.ops.encode(w, row + c.offset, c.ops.units);
    out.states[c.name] = state_json(c.type, content.view());
  }
  return out;
}

}  // namespace millrace::engine
