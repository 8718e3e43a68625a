#include "node/alerts/alert_notifier.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "millrace/text/time_text.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

std::string time_of(processing_time t) {
  std::string out;
  append_iso_time(out, {t.ns});
  return out;
}

std::string number(double n) {
  char out[32];  // NOLINT: written by snprintf
  (void)std::snprintf(out, sizeof out, "%.4g", n);
  return out;
}

/// What of a group a channel is to get.
engine::alert_group part_for(const alert_channel& c, const engine::alert_group& group) {
  auto out = group;
  std::erase_if(out.notices, [&](const auto& n) { return n.severity < c.least; });
  return out;
}

}  // namespace

json to_json(const engine::alert_notice& n) {
  return {{"rule", n.rule},
          {"what", n.is_over ? "over" : "fired"},
          {"severity", to_string(n.severity)},
          {"actor", n.actor},
          {"measure", n.measure},
          {"value", n.value},
          {"worst", n.worst},
          {"limit", n.limit},
          {"fires", n.side == engine::alert_rule::beyond::above ? "above" : "below"},
          {"since", time_of(n.since)}};
}

json to_json(const engine::alert_group& group, processing_time now) {
  auto alerts = json::array();
  for (const auto& n : group.notices) alerts.push_back(to_json(n));
  return {{"topology", group.topology}, {"at", time_of(now)}, {"alerts", std::move(alerts)}, {"more", group.more}};
}

std::string text_of(const engine::alert_notice& n) {
  const auto where = n.topology + (n.actor.empty() ? "" : "/" + n.actor);
  return "alert '" + n.rule + "' (" + to_string(n.severity) + ") " + (n.is_over ? "is over" : "fired") + " at " +
         where + ": " + n.measure + " is " + number(n.value) +
         (n.side == engine::alert_rule::beyond::above ? ", limit " : ", lower limit ") + number(n.limit) +
         (n.is_over ? ", worst " + number(n.worst) : std::string{});
}

alert_notifier::alert_notifier(std::vector<alert_channel> channels, logger log)
    : channels_{std::move(channels)}, log_{std::move(log)}, calls_{{}, [this](std::uint64_t, const std::string& why) {
                                                                     log_(log_level::error,
                                                                          "an alert message was not delivered: " + why);
                                                                   }} {}

void alert_notifier::tell(const engine::alert_group& group, processing_time now) {
  for (const auto& c : channels_) {
    const auto part = part_for(c, group);
    if (part.notices.empty()) continue;
    switch (c.to) {
      case alert_channel::kind::log:
        for (const auto& n : part.notices) log_(n.is_over ? log_level::info : log_level::error, text_of(n));
        break;
      case alert_channel::kind::file:
        append(c.target, to_json(part, now).dump() + "\n");
        break;
      case alert_channel::kind::webhook:
        calls_.post(c.target, to_json(part, now).dump());
        break;
    }
  }
}

void alert_notifier::append(const std::string& file, const std::string& line) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  // One write: lines of several processes do not mix.
  const bool is_written = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (!is_written) log_(log_level::error, "an alert could not be written to " + file + ": " + std::strerror(errno));
  if (fd >= 0) ::close(fd);
}

}  // namespace millrace::node
