#include "command/task_times.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <vector>

#include "command/figures.hpp"
#include "command/style.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

constexpr std::array titles{"task", "lag", "p50", "p99", "queue", "service", "credit wait", "snapshot", "network"};
constexpr std::array split_members{"queue", "service", "credit_wait", "snapshot", "network"};
constexpr std::size_t before_split = titles.size() - split_members.size();

using row = std::array<std::string, titles.size()>;

std::string micros_text(double us) {
  // Decades: no honest figure is beyond, and more would not fit into the nanoseconds.
  constexpr double us_max = 1e15;
  const std::chrono::duration<double, std::micro> d{std::clamp(us, 0.0, us_max)};
  return span_text(std::chrono::duration_cast<std::chrono::nanoseconds>(d));
}

std::string lag_of(const json& task) {
  const auto lag = task.find("watermark_lag_ms");
  if (lag == task.end() || lag->is_null()) return {};
  const auto ms = lag->get<double>();
  return ms < 0 ? "ahead" : micros_text(ms * 1000);
}

/// 0: there was nothing to measure.
std::string latency_of(const json& task, const char* member) {
  const auto us = task.value(member, 0.0);
  return us > 0 ? micros_text(us) : std::string{};
}

row row_of(const json& task) {
  row out{task.value("name", ""), lag_of(task), latency_of(task, "latency_p50_us"), latency_of(task, "latency_p99_us")};
  const auto split = task.value("latency_split_us", json::object());
  std::array<double, split_members.size()> us{};
  for (std::size_t i = 0; i < us.size(); ++i) us[i] = split.value(split_members[i], 0.0);
  // Nothing came. Where something came, a part that is zero says as much as the others.
  if (std::ranges::all_of(us, [](double part) { return part <= 0; })) return out;
  for (std::size_t i = 0; i < us.size(); ++i) {
    const bool is_elsewhere = std::string_view{split_members[i]} == "network";
    if (us[i] > 0 || !is_elsewhere) out[before_split + i] = micros_text(us[i]);
  }
  return out;
}

}  // namespace

std::string task_times(const json& tasks) {
  std::vector<row> rows;
  std::array<std::size_t, titles.size()> widths{};
  for (const auto& task : tasks) {
    auto one = row_of(task);
    if (std::all_of(one.begin() + 1, one.end(), [](const auto& text) { return text.empty(); })) continue;
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (!one[i].empty()) widths[i] = std::max({widths[i], console::cells(one[i]), console::cells(titles[i])});
    }
    rows.push_back(std::move(one));
  }
  if (rows.empty()) return {};
  row head;
  std::ranges::copy(titles, head.begin());
  rows.insert(rows.begin(), head);
  std::string text;
  for (const auto& one : rows) {
    auto line = "  " + pad_right(one.front(), widths.front());
    for (std::size_t i = 1; i < one.size(); ++i) {
      if (widths[i] != 0) line += "  " + pad_left(one[i], widths[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace millrace::command
