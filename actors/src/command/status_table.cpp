#include "command/status_table.hpp"

#include <algorithm>
#include <numeric>

#include "command/figures.hpp"
#include "command/status_columns.hpp"
#include "node/status_json.hpp"

namespace millrace::command {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t name_cells_max = 28;
constexpr std::size_t notes_shown_max = 3;

using row_cells = std::vector<cell>;

std::vector<row_cells> fill(const std::vector<node::task_view>& rows, processing_time now) {
  std::vector<row_cells> grid;
  for (const auto& row : rows) {
    auto& cells = grid.emplace_back();
    for (const auto& column : status_columns()) cells.push_back(column.show(row, now));
  }
  return grid;
}

/// Widths the columns need; 0 for those that are empty everywhere.
std::vector<std::size_t> needed(const std::vector<row_cells>& grid) {
  const auto& columns = status_columns();
  std::vector<std::size_t> widths(columns.size());
  for (const auto& row : grid) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], console::cells(row[c].text));
  }
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (widths[c] != 0) widths[c] = std::max(widths[c], console::cells(columns[c].title));
  }
  widths[0] = std::min(widths[0], name_cells_max);
  return widths;
}

std::size_t total_width(const std::vector<std::size_t>& widths) {
  const auto shown = static_cast<std::size_t>(std::ranges::count_if(widths, [](auto w) { return w != 0; }));
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + gap * (shown == 0 ? 0 : shown - 1);
}

/// Leaves columns out until the rest fits.
std::vector<std::size_t> fitted(std::vector<std::size_t> widths, std::size_t room) {
  const auto& columns = status_columns();
  while (total_width(widths) > room) {
    std::size_t victim = 0;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (widths[c] != 0 && columns[c].priority > columns[victim].priority) victim = c;
    }
    if (columns[victim].priority == 0) break;
    widths[victim] = 0;
  }
  const auto excess = total_width(widths) > room ? total_width(widths) - room : 0;
  widths[0] -= std::min(excess, widths[0] - 1);
  return widths;
}

std::string compose(const std::vector<std::size_t>& widths, const row_cells& row, const style& look) {
  const auto& columns = status_columns();
  std::string line;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (widths[c] == 0) continue;
    if (c != 0) line.append(gap, ' ');
    line +=
        look(row[c].look, columns[c].is_left ? pad_right(row[c].text, widths[c]) : pad_left(row[c].text, widths[c]));
  }
  return line;
}

row_cells titles() {
  row_cells row;
  for (const auto& column : status_columns()) row.push_back({column.title, tone::dim});
  return row;
}

/// Parts the table from what actors print above it.
std::string rule(std::size_t room) {
  std::string line;
  for (std::size_t i = 0; i < room; ++i) line += "─";
  return line;
}

/// Pieces in order of importance, joined while they fit.
std::string joined(const std::vector<cell>& pieces, std::size_t room, const style& look) {
  std::string line;
  std::size_t used = 0;
  for (const auto& piece : pieces) {
    const auto blanks = used == 0 ? 0 : gap;
    const auto width = console::cells(piece.text);
    if (used + blanks + width > room) break;
    line += std::string(blanks, ' ') + look(piece.look, piece.text);
    used += blanks + width;
  }
  return line;
}

std::vector<cell> header(const runtime::run_status& r) {
  std::vector<cell> pieces{{r.topology, tone::bold}, run_state_cell(r.state), {clock_text(r.uptime), tone::plain}};
  if (r.last_epoch.value == 0) {
    pieces.push_back({"no snapshot yet", tone::dim});
  } else {
    pieces.push_back({"snapshot " + std::to_string(r.last_epoch.value) + ", " + span_text(r.since_last_snapshot) +
                          " ago, took " + span_text(r.last_snapshot_duration),
                      tone::plain});
  }
  if (r.restarts != 0) pieces.push_back({"restarts " + std::to_string(r.restarts), tone::warn});
  if (r.snapshot_failures != 0)
    pieces.push_back({"failed snapshots " + std::to_string(r.snapshot_failures), tone::bad});
  if (r.restored_epoch.value != 0)
    pieces.push_back({"restored from " + std::to_string(r.restored_epoch.value), tone::dim});
  return pieces;
}

std::vector<std::string> footer(const runtime::run_status& r, std::size_t room, const style& look,
                                const std::string& hint) {
  std::vector<std::string> lines;
  if (const auto failing = node::failing_sentence(r); !failing.empty()) {
    lines.push_back(look(tone::bad, cut("! degraded: " + failing, room)));
  }
  const auto shown = std::min(notes_shown_max, r.notes.size());
  for (auto i = r.notes.size() - shown; i < r.notes.size(); ++i) {
    const auto first_line = r.notes[i].substr(0, r.notes[i].find('\n'));
    lines.push_back(look(tone::warn, cut("! " + first_line, room)));
  }
  if (!hint.empty()) lines.push_back(look(tone::dim, cut(hint, room)));
  return lines;
}

}  // namespace

std::vector<std::string> status_table::lines(const node::status_view& view, console::extent room, processing_time now,
                                             const std::string& hint) {
  const auto below = footer(view.run, room.columns, style_, hint);
  constexpr std::size_t fixed_lines = 4;  // the rule, the header, the titles and the line the cursor is on
  const auto taken = fixed_lines + below.size();
  const auto rows_max = room.rows > taken + 1 ? room.rows - taken : 1;
  auto rows = view.tasks.size() <= rows_max ? view.tasks : merged_by_actor(view.tasks);
  const auto left_out = rows.size() <= rows_max ? 0 : rows.size() - rows_max + 1;
  rows.resize(rows.size() - left_out);

  const auto grid = fill(rows, now);
  auto widths = needed(grid);
  if (columns_before_ == room.columns && widths_.size() == widths.size()) {
    for (std::size_t c = 0; c < widths.size(); ++c) widths[c] = std::max(widths[c], widths_[c]);
  }
  columns_before_ = room.columns;
  widths_ = widths;
  widths = fitted(std::move(widths), room.columns);

  std::vector<std::string> out{style_(tone::dim, rule(room.columns)), joined(header(view.run), room.columns, style_),
                               compose(widths, titles(), style_)};
  for (const auto& row : grid) out.push_back(compose(widths, row, style_));
  if (left_out != 0) out.push_back(style_(tone::dim, cut("… and " + std::to_string(left_out) + " more", room.columns)));
  out.insert(out.end(), below.begin(), below.end());
  if (out.size() >= room.rows) out.resize(room.rows > 1 ? room.rows - 1 : 1);
  return out;
}

}  // namespace millrace::command
