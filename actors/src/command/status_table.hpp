#pragma once

#include <string>
#include <vector>

#include "node/status_view.hpp"
#include "command/style.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

/// Lays a run's status out as lines of text: a header, a row for each task, the newest notes.
///
/// Fits any terminal: columns go in order of importance when it is narrow; when it is low, partitions of an actor share
/// a row, then rows are left out and counted. Columns keep the width they once needed, so that figures do not dance.
/// Pure but for those widths. Thread: one.
class status_table {
public:
  explicit status_table(style s) : style_{s} {}

  /// Lines no wider and no more than `room`, `now` for the lag of watermarks. `hint` is the last line.
  [[nodiscard]] std::vector<std::string> lines(const node::status_view& view, console::extent room, processing_time now,
                                               const std::string& hint);

private:
  style style_;
  std::size_t columns_before_ = 0;
  std::vector<std::size_t> widths_;
};

}  // namespace millrace::command
