#include "library/sinks/alert_groups.hpp"

#include <algorithm>
#include <array>

namespace millrace::library {

namespace {

constexpr std::array names{"info", "warning", "error", "critical"};
constexpr const char* others = "others";

}  // namespace

const char* to_string(severity s) noexcept {
  return names.at(static_cast<std::size_t>(s));
}

std::optional<severity> parse_severity(std::string_view text) noexcept {
  const auto at = std::ranges::find(names, text);
  if (at == names.end()) return std::nullopt;
  return static_cast<severity>(at - names.begin());
}

void alert_groups::add(const std::string& group, severity s, std::string line, processing_time now) {
  if (!groups_.contains(group) && groups_.size() >= setting_.groups_max) {
    forget_quiet(now);
    if (groups_.size() >= setting_.groups_max && group != others) return add(others, s, std::move(line), now);
  }
  auto& e = groups_[group];
  auto& m = e.waiting;
  if (m.count == 0) {
    m.group = group;
    m.worst = s;
    e.due = std::max(e.due, now + setting_.wait);
  }
  m.worst = std::max(m.worst, s);
  ++m.count;
  if (m.lines.size() < setting_.lines_max) m.lines.push_back(std::move(line));
}

std::map<std::string, alert_groups::entry>::const_iterator alert_groups::first() const {
  auto found = groups_.end();
  for (auto at = groups_.begin(); at != groups_.end(); ++at) {
    if (at->second.waiting.count != 0 && (found == groups_.end() || at->second.due < found->second.due)) found = at;
  }
  return found;
}

std::optional<processing_time> alert_groups::due() const {
  const auto at = first();
  if (at == groups_.end()) return std::nullopt;
  return at->second.due;
}

std::optional<alert_message> alert_groups::next(processing_time now) const {
  const auto at = first();
  if (at == groups_.end() || now < at->second.due) return std::nullopt;
  return at->second.waiting;
}

void alert_groups::sent(const std::string& group, processing_time now) {
  auto& e = groups_[group];
  e.waiting = {};
  e.due = now + setting_.quiet;
}

void alert_groups::forget_quiet(processing_time now) {
  std::erase_if(groups_, [&](const auto& g) { return g.second.waiting.count == 0 && g.second.due <= now; });
}

void alert_groups::encode(msgpack::writer& out) const {
  out.array(static_cast<std::uint32_t>(groups_.size()));
  for (const auto& [name, e] : groups_) {
    out.array(5);
    out.string(name);
    out.integer(e.due.ns);
    out.integer(static_cast<std::uint8_t>(e.waiting.worst));
    out.integer(e.waiting.count);
    out.array(static_cast<std::uint32_t>(e.waiting.lines.size()));
    for (const auto& line : e.waiting.lines) out.string(line);
  }
}

bool alert_groups::decode(msgpack::reader& in) {
  std::uint32_t groups = 0;
  if (!in.array(groups)) return false;
  groups_.clear();
  for (; groups != 0; --groups) {
    std::uint32_t n = 0;
    std::uint8_t worst = 0;
    std::string_view name;
    entry e;
    if (!in.array(n) || n != 5 || !in.string(name) || !in.integer(e.due.ns) || !in.integer(worst) ||
        worst > static_cast<std::uint8_t>(severity::critical) || !in.integer(e.waiting.count) || !in.array(n)) {
      return false;
    }
    for (; n != 0; --n) {
      std::string_view line;
      if (!in.string(line)) return false;
      e.waiting.lines.emplace_back(line);
    }
    e.waiting.group = name;
    e.waiting.worst = static_cast<severity>(worst);
    groups_[std::string{name}] = std::move(e);
  }
  return true;
}

}  // namespace millrace::library
