#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::console {

/// Size of the terminal in character cells.
struct extent {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Standard output and standard error of this process, shared by console sinks, the log and a live panel.
///
/// A live table that redraws itself and actors that print would overwrite each other. Everything that goes to the user
/// goes through here instead: the panel stays at the bottom, printed lines are inserted above it. Without a panel it
/// only keeps lines whole. Writing to a closed pipe is not an error here: the text is dropped.
///
/// Thread: any. One a process, since there is one terminal.
class terminal {
public:
  static terminal& instance();

  /// Prints whole lines (ending with a newline) to standard output, above the panel.
  void write(std::string_view lines);
  /// The same to standard error.
  void write_error(std::string_view lines);
  /// From now on `write` goes to standard error, so that standard output carries one machine-readable stream
  /// (`write_result`).
  void keep_output_for_results();
  /// Prints to standard output whatever `keep_output_for_results` says; not to be mixed with a panel.
  void write_result(std::string_view lines);

  /// Shows or replaces the panel: lines as wide as the terminal at most, escape sequences not counted. Lines waiting to
  /// be printed go out with it.
  void show_panel(std::vector<std::string> lines);
  /// Removes the panel and gives the cursor back.
  void end_panel();
  /// Shows or replaces lines of an actor's own above the panel; none: they are removed. What there is no room for is
  /// left out.
  void show_table(const std::string& name, std::vector<std::string> lines);

  /// Of the terminal on standard output; 80×24 when it does not say.
  [[nodiscard]] static extent size();
  /// Standard output is a terminal that understands cursor movement.
  [[nodiscard]] static bool is_interactive();
  /// Colours are wanted: a terminal, and NO_COLOR (no-color.org) is not set.
  [[nodiscard]] static bool has_colour();
  /// Gives the cursor back without taking a lock. Async-signal-safe.
  static void restore_from_signal() noexcept;

private:
  terminal() = default;
  [[nodiscard]] std::string to_top_of_panel() const;
  void put(int descriptor, std::string_view lines);
  [[nodiscard]] std::vector<std::string> tables_and_panel() const;
  void draw();

  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> tables_;
  std::vector<std::string> panel_;
  std::vector<std::string> drawn_;  ///< tables and panel, as they were drawn last
  std::string waiting_;             ///< lines to go above them with the next drawing
  std::chrono::steady_clock::time_point drawn_at_{};
  bool is_output_reserved_ = false;
};

/// Character cells a text takes: escape sequences take none, every other code point one.
[[nodiscard]] std::size_t cells(std::string_view text);

/// The same with `?` for what would steer a terminal or begin a line: control characters, of Unicode too, and marks
/// that turn the direction of writing. For what others may have written.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace millrace::console
