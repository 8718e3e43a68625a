#include "node/tracing/trace_exporter.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

namespace millrace::node {

namespace {

using namespace std::chrono_literals;

constexpr auto gather_for = 1s;
constexpr auto tell_each = 1min;
const post_queue::limits calls{
    .waiting_max = 32, .attempts_max = 4, .first_pause = 500ms, .connect = 2s, .whole = 10s, .farewell = 2s};

}  // namespace

/// Thread: any.
struct trace_exporter::losses {
  explicit losses(logger l) : log{std::move(l)} {}

  void add(std::uint64_t spans, const std::string& why) {
    std::uint64_t before = 0;
    {
      const std::lock_guard lock{mutex};
      all += spans;
      untold += spans;
      const auto now = std::chrono::steady_clock::now();
      if (told_at && now - *told_at < tell_each) return;
      told_at = now;
      before = std::exchange(untold, 0);
    }
    log(log_level::warning, std::to_string(before) + " spans were not delivered: " + why);
  }

  const logger log;
  std::mutex mutex;
  std::uint64_t all = 0;
  std::uint64_t untold = 0;
  std::optional<std::chrono::steady_clock::time_point> told_at;
};

trace_exporter::trace_exporter(std::vector<trace_target> targets, logger log)
    : targets_{std::move(targets)}, losses_{std::make_shared<losses>(std::move(log))} {
  if (std::ranges::any_of(targets_, &trace_target::is_collector)) {
    calls_ = std::make_unique<post_queue>(
        calls, [l = losses_](std::uint64_t spans, const std::string& why) { l->add(spans, why); });
  }
}

trace_exporter::~trace_exporter() {
  flush();
}

void trace_exporter::add(const std::vector<told_span>& spans, std::chrono::steady_clock::time_point now) {
  if (targets_.empty()) return;
  for (const auto& s : spans) {
    if (gathered_.empty()) gathered_since_ = now;
    gathered_.push_back(s);
    if (gathered_.size() == batch_max) flush();
  }
  if (!gathered_.empty() && now - gathered_since_ >= gather_for) flush();
}

std::uint64_t trace_exporter::lost() const {
  const std::lock_guard lock{losses_->mutex};
  return losses_->all;
}

void trace_exporter::flush() {
  const auto spans = std::exchange(gathered_, {});
  if (spans.empty()) return;
  const auto body = otlp_request(spans).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (const auto& t : targets_) {
    if (t.is_collector) {
      calls_->post(t.where, body, spans.size());
    } else {
      append(t.where, body + "\n", spans.size());
    }
  }
}

void trace_exporter::append(const std::string& file, const std::string& line, std::size_t spans) {
  struct stat now {};
  const bool is_full = ::stat(file.c_str(), &now) == 0 &&
                       static_cast<std::uint64_t>(now.st_size) + line.size() > file_bytes_max && now.st_size > 0;
  const bool is_moved = !is_full || std::rename(file.c_str(), (file + ".1").c_str()) == 0;
  const int fd = is_moved ? ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640) : -1;
  // One write: lines of several processes do not mix.
  const bool is_written = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (!is_written) losses_->add(spans, "cannot write " + file + ": " + std::strerror(errno));
  if (fd >= 0) ::close(fd);
}

}  // namespace millrace::node
