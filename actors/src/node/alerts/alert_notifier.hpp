#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "millrace/context.hpp"
#include "node/alerts/alert_file.hpp"

namespace millrace::node {

/// A group as files and web addresses get it; fields: docs/monitoring.md.
[[nodiscard]] nlohmann::json to_json(const engine::alert_group& group, processing_time now);
/// One notice in a sentence.
[[nodiscard]] std::string text_of(const engine::alert_notice& notice);

/// Takes notices to where they are to go. Nothing that is wrong there holds anybody up: web addresses are called by a
/// thread of its own, at most 64 calls wait, and each is tried four times within about a minute. What could not be told
/// is in the log.
///
/// Thread: one, which must not hold locks; `log` is called from any.
class alert_notifier {
public:
  using logger = std::function<void(log_level, const std::string&)>;
  static constexpr std::size_t calls_max = 64;

  alert_notifier(std::vector<alert_channel> channels, logger log);
  /// A call under way is finished; those that wait are not made.
  ~alert_notifier();
  alert_notifier(const alert_notifier&) = delete;
  alert_notifier& operator=(const alert_notifier&) = delete;

  void tell(const engine::alert_group& group, processing_time now);

private:
  struct waiting {
    std::string url;
    std::string body;
  };
  void append(const std::string& file, const std::string& line);
  void enqueue(waiting call);
  void work();
  void make(const waiting& call);
  /// False: the notifier ends.
  [[nodiscard]] bool pause(std::chrono::milliseconds time);

  std::vector<alert_channel> channels_;
  logger log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<waiting> waiting_;
  bool is_ending_ = false;
  std::thread caller_;  // only where there is a web address
};

}  // namespace millrace::node
