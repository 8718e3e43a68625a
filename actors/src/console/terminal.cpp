#include "console/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "millrace/text/utf8.hpp"

namespace millrace::console {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
// Synchronized output: terminals that know it show the whole frame at once, others ignore it.
constexpr std::string_view frame_begin = "\x1b[?2026h";
constexpr std::string_view frame_end = "\x1b[?2026l";
constexpr std::string_view erase_below = "\x1b[J";
constexpr std::string_view erase_rest_of_line = "\x1b[K";

// A sink can print thousands of lines a second; redrawing the panel for each would cost more than the topology.
constexpr auto redraw_interval = 50ms;
constexpr std::size_t waiting_bytes_max = 64 * 1024;

std::atomic<bool> is_panel_shown{false};

void write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const auto n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

std::size_t cells(std::string_view text) {
  std::size_t n = 0;
  bool in_escape = false;
  for (const char c : text) {
    if (in_escape) {
      in_escape = c == '[' || c == '?' || c == ';' || (c >= '0' && c <= '9');
    } else if (c == '\x1b') {
      in_escape = true;
    } else if (!continues_character(c)) {
      ++n;
    }
  }
  return n;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
    const bool is_c1 = at(0) == 0xc2 && at(1) >= 0x80 && at(1) <= 0x9f;
    const bool is_turn = at(0) == 0xe2 && ((at(1) == 0x80 && at(2) >= 0xaa && at(2) <= 0xae) ||
                                           (at(1) == 0x81 && at(2) >= 0xa6 && at(2) <= 0xa9));
    const bool is_steering = at(0) < 0x20 || at(0) == 0x7f || is_c1 || is_turn;
    out += is_steering ? '?' : text[i];
    i += is_turn ? 3 : is_c1 ? 2 : 1;
  }
  return out;
}

terminal& terminal::instance() {
  static terminal one;
  return one;
}

extent terminal::size() {
  winsize w{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0 || w.ws_row == 0) return {};
  return {w.ws_col, w.ws_row};
}

bool terminal::is_interactive() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) != 0 && term != nullptr && std::string_view{term} != "dumb";
}

bool terminal::has_colour() {
  const char* refused = std::getenv("NO_COLOR");
  return is_interactive() && (refused == nullptr || *refused == '\0');
}

void terminal::restore_from_signal() noexcept {
  if (is_panel_shown.load()) write_all(STDOUT_FILENO, show_cursor);
}

void terminal::keep_output_for_results() {
  const std::lock_guard lock{mutex_};
  is_output_reserved_ = true;
}

void terminal::write(std::string_view lines) {
  const std::lock_guard lock{mutex_};
  put(is_output_reserved_ ? STDERR_FILENO : STDOUT_FILENO, lines);
}

void terminal::write_error(std::string_view lines) {
  const std::lock_guard lock{mutex_};
  put(STDERR_FILENO, lines);
}

void terminal::write_result(std::string_view lines) {
  const std::lock_guard lock{mutex_};
  write_all(STDOUT_FILENO, lines);
}

void terminal::put(int descriptor, std::string_view lines) {
  if (drawn_.empty() || (descriptor == STDERR_FILENO && ::isatty(STDERR_FILENO) == 0)) {
    write_all(descriptor, lines);
    return;
  }
  waiting_ += lines;
  const bool is_due = std::chrono::steady_clock::now() - drawn_at_ >= redraw_interval;
  if (is_due || waiting_.size() >= waiting_bytes_max) draw();
}

void terminal::show_panel(std::vector<std::string> lines) {
  const std::lock_guard lock{mutex_};
  is_panel_shown = true;
  panel_ = std::move(lines);
  draw();
}

void terminal::show_table(const std::string& name, std::vector<std::string> lines) {
  const std::lock_guard lock{mutex_};
  if (lines.empty()) {
    tables_.erase(name);
  } else {
    tables_[name] = std::move(lines);
  }
  is_panel_shown = !tables_.empty() || !panel_.empty();
  draw();
  if (!is_panel_shown) write_all(STDOUT_FILENO, show_cursor);
}

void terminal::end_panel() {
  const std::lock_guard lock{mutex_};
  if (!is_panel_shown.exchange(false)) return;
  tables_.clear();
  panel_.clear();
  draw();
  write_all(STDOUT_FILENO, show_cursor);
}

std::string terminal::to_top_of_panel() const {
  // A terminal that became narrower has wrapped what was drawn: the panel is taller now than it has lines.
  const auto columns = size().columns;
  std::size_t rows = 0;
  for (const auto& line : drawn_) rows += std::max<std::size_t>(1, (cells(line) + columns - 1) / columns);
  return rows == 0 ? "\r" : "\r\x1b[" + std::to_string(rows) + "A";
}

/// The panel matters most; above it there is room for what is left of the screen, but a line for the cursor.
std::vector<std::string> terminal::tables_and_panel() const {
  std::vector<std::string> lines;
  for (const auto& [name, table] : tables_) lines.insert(lines.end(), table.begin(), table.end());
  const auto rows = size().rows;
  const auto room = rows > panel_.size() + 1 ? rows - panel_.size() - 1 : 0;
  if (lines.size() > room) lines.resize(room);
  lines.insert(lines.end(), panel_.begin(), panel_.end());
  return lines;
}

void terminal::draw() {
  auto lines = tables_and_panel();
  std::string frame{frame_begin};
  frame += hide_cursor;
  frame += to_top_of_panel();
  if (!waiting_.empty()) frame.append(erase_below).append(waiting_);
  for (const auto& line : lines) frame.append(line).append(erase_rest_of_line).append("\n");
  frame.append(erase_below).append(frame_end);
  write_all(STDOUT_FILENO, frame);
  waiting_.clear();
  drawn_ = std::move(lines);
  drawn_at_ = std::chrono::steady_clock::now();
}

}  // namespace millrace::console
