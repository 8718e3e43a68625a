#include "library/sources/host_sensors.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace millrace::library {

namespace {

/// What the kernel counts disk traffic in, whatever the disk's own sectors are (Documentation/admin-guide/iostats.rst).
constexpr double sector_bytes = 512;

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return line;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return out;
    line.remove_prefix(first);
    out.push_back(line.substr(0, line.find_first_of(" \t")));
    line.remove_prefix(out.back().size());
  }
}

double number(std::string_view text) noexcept {
  std::uint64_t n = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), n);
  return static_cast<double>(n);
}

bool is_digits(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// sda1 of sda, nvme0n1p1 of nvme0n1: their traffic is the disk's as well.
bool is_partition_of(std::string_view name, std::string_view disk) noexcept {
  if (!name.starts_with(disk) || name.size() == disk.size()) return false;
  const auto rest = name.substr(disk.size());
  return is_digits(rest) || (rest.front() == 'p' && is_digits(rest.substr(1)));
}

}  // namespace

std::vector<host_sensors::reading> host_sensors::sample(double seconds) {
  seconds_ = seconds;
  readings_.clear();
  missing_.clear();
  processors(content("stat"));
  memory(content("meminfo"));
  disks(content("diskstats"));
  network(content("net/dev"));
  return std::move(readings_);
}

std::string host_sensors::content(const std::string& name) {
  const auto path = root_ + "/" + name;
  std::ifstream in{path};
  if (!in) missing_.push_back(path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// `cpu0 user nice system idle iowait irq softirq steal …` in ticks: the share that is neither idle nor waiting.
void host_sensors::processors(std::string_view text) {
  while (!text.empty()) {
    const auto parts = words(take_line(text));
    if (parts.size() < 6 || !parts[0].starts_with("cpu")) continue;
    double total = 0;
    // guest times (9 and 10) are part of user and nice already
    for (std::size_t i = 1; i < std::min<std::size_t>(parts.size(), 9); ++i) total += number(parts[i]);
    const double idle = number(parts[4]) + number(parts[5]);
    const std::string sensor = parts[0] == "cpu" ? "cpu.total" : "cpu." + std::string{parts[0].substr(3)};
    const auto last_total = counters_.find(sensor + " total");
    if (last_total != counters_.end() && total > last_total->second) {
      const double all = total - last_total->second;
      const double idled = std::clamp(idle - counters_[sensor + " idle"], 0.0, all);
      readings_.push_back({sensor, 100 * (all - idled) / all, "%"});
    }
    counters_[sensor + " total"] = total;
    counters_[sensor + " idle"] = idle;
  }
}

/// `MemTotal:  16318480 kB`
void host_sensors::memory(std::string_view text) {
  std::map<std::string_view, double> bytes;
  while (!text.empty()) {
    const auto parts = words(take_line(text));
    if (parts.size() >= 2) bytes[parts[0]] = number(parts[1]) * 1024;
  }
  const auto add = [&](const char* sensor, const char* total, const char* free) {
    if (!bytes.contains(total) || !bytes.contains(free)) return;
    readings_.push_back({sensor, std::max(0.0, bytes[total] - bytes[free]), "B"});
  };
  add("mem.used", "MemTotal:", "MemAvailable:");
  if (bytes.contains("MemAvailable:")) readings_.push_back({"mem.available", bytes["MemAvailable:"], "B"});
  add("swap.used", "SwapTotal:", "SwapFree:");
}

/// `8 0 sda reads merged sectors_read ms writes merged sectors_written …`
void host_sensors::disks(std::string_view text) {
  std::string disk;
  while (!text.empty()) {
    const auto parts = words(take_line(text));
    if (parts.size() < 10 || parts[2].starts_with("loop") || parts[2].starts_with("ram")) continue;
    if (!disk.empty() && is_partition_of(parts[2], disk)) continue;
    disk = parts[2];
    rate("disk." + disk + ".read", number(parts[5]), sector_bytes);
    rate("disk." + disk + ".write", number(parts[9]), sector_bytes);
  }
}

/// `  eth0: bytes packets errs drop fifo frame compressed multicast bytes …`, received first; two lines of headings.
void host_sensors::network(std::string_view text) {
  while (!text.empty()) {
    const auto line = take_line(text);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = words(line.substr(0, colon));
    const auto parts = words(line.substr(colon + 1));
    if (name.size() != 1 || parts.size() < 9) continue;
    rate("net." + std::string{name[0]} + ".rx", number(parts[0]), 1);
    rate("net." + std::string{name[0]} + ".tx", number(parts[8]), 1);
  }
}

void host_sensors::rate(const std::string& sensor, double counter, double scale) {
  const auto [last, is_new] = counters_.try_emplace(sensor, counter);
  if (!is_new && counter >= last->second && seconds_ > 0) {
    readings_.push_back({sensor, (counter - last->second) * scale / seconds_, "B/s"});
  }
  last->second = counter;
}

}  // namespace millrace::library
