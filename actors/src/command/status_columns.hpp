#pragma once

#include <string>
#include <vector>

#include "node/status_view.hpp"
#include "command/style.hpp"

namespace millrace::command {

struct cell {
  std::string text{};
  tone look = tone::plain;
};

/// A column of the status table.
struct column_rule {
  const char* title;
  bool is_left = false;
  int priority = 0;  ///< the column with the largest goes first when the terminal is narrow; 0: never
  cell (*show)(const node::task_view& row, processing_time now);
};

/// All columns, left to right.
[[nodiscard]] const std::vector<column_rule>& status_columns();
/// Glyph and word for a state of a run, with its colour.
[[nodiscard]] cell run_state_cell(const std::string& state);
/// Rows of partitions of one actor added up to one row called `actor ×n`; others as they are.
[[nodiscard]] std::vector<node::task_view> merged_by_actor(const std::vector<node::task_view>& rows);

}  // namespace millrace::command
