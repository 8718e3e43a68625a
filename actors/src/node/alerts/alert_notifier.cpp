#include "node/alerts/alert_notifier.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "library/net/http_client.hpp"
#include "library/net/patient_caller.hpp"
#include "millrace/text/time_text.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using library::call_verdict;

constexpr int attempts_max = 4;
constexpr std::chrono::milliseconds first_pause{1'000};
constexpr std::size_t answer_bytes_max = 65'536;

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

json notice_json(const engine::alert_notice& n) {
  return {{"rule", n.rule},
          {"what", n.is_over ? "over" : "fired"},
          {"severity", to_string(n.severity)},
          {"actor", n.actor},
          {"measure", n.measure},
          {"value", n.value},
          {"worst", n.worst},
          {"limit", n.limit},
          {"since", time_of(n.since)}};
}

/// What of a group a channel is to get.
engine::alert_group part_for(const alert_channel& c, const engine::alert_group& group) {
  auto out = group;
  std::erase_if(out.notices, [&](const auto& n) { return n.severity < c.least; });
  return out;
}

}  // namespace

json to_json(const engine::alert_group& group, processing_time now) {
  auto alerts = json::array();
  for (const auto& n : group.notices) alerts.push_back(notice_json(n));
  return {{"topology", group.topology}, {"at", time_of(now)}, {"alerts", std::move(alerts)}, {"more", group.more}};
}

std::string text_of(const engine::alert_notice& n) {
  const auto where = n.topology + (n.actor.empty() ? "" : "/" + n.actor);
  return "alert '" + n.rule + "' (" + to_string(n.severity) + ") " + (n.is_over ? "is over" : "fired") + " at " +
         where + ": " + n.measure + " is " + number(n.value) + ", limit " + number(n.limit) +
         (n.is_over ? ", worst " + number(n.worst) : std::string{});
}

alert_notifier::alert_notifier(std::vector<alert_channel> channels, logger log)
    : channels_{std::move(channels)}, log_{std::move(log)} {
  const bool has_addresses =
      std::ranges::any_of(channels_, [](const auto& c) { return c.to == alert_channel::kind::webhook; });
  if (has_addresses) caller_ = std::thread{[this] { work(); }};
}

alert_notifier::~alert_notifier() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  changed_.notify_all();
  if (caller_.joinable()) caller_.join();
  if (!waiting_.empty()) {
    log_(log_level::warning, std::to_string(waiting_.size()) + " alert messages were not sent: this process ends");
  }
}

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
        enqueue({c.target, to_json(part, now).dump()});
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

void alert_notifier::enqueue(waiting call) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() < calls_max) {
      waiting_.push_back(std::move(call));
      changed_.notify_all();
      return;
    }
  }
  log_(log_level::error, "an alert message was left out: " + std::to_string(calls_max) + " wait to be sent already");
}

void alert_notifier::work() {
  for (;;) {
    waiting next;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
      if (is_ending_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    make(next);
  }
}

void alert_notifier::make(const waiting& call) {
  library::http_client client{{.connect = 5s, .whole = 10s, .answer_bytes = answer_bytes_max}};
  const auto shown = library::shown_url(call.url);
  for (int i = 1;; ++i) {
    const auto answer = client.call(
        {.method = "POST", .url = call.url, .headers = {{"Content-Type", "application/json"}}, .body = call.body});
    const auto verdict = library::verdict_of(answer);
    if (verdict == call_verdict::done) return;
    const bool is_last = verdict != call_verdict::again || i == attempts_max;
    const auto why = shown + " " + library::text_of(answer);
    if (is_last || !pause(first_pause * (1 << (i - 1)))) {
      log_(log_level::error, "an alert message was not delivered: " + why);
      return;
    }
  }
}

bool alert_notifier::pause(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_for(lock, time, [this] { return is_ending_; });
}

}  // namespace millrace::node
