#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/context.hpp"
#include "node/alerts/alert_file.hpp"
#include "node/post_queue.hpp"

namespace millrace::node {

/// A group as files and web addresses get it; fields: docs/monitoring.md.
[[nodiscard]] nlohmann::json to_json(const engine::alert_group& group, processing_time now);
/// One notice of it.
[[nodiscard]] nlohmann::json to_json(const engine::alert_notice& notice);
/// One notice in a sentence.
[[nodiscard]] std::string text_of(const engine::alert_notice& notice);

/// Takes notices to where they are to go. Nothing that is wrong there holds anybody up: at most 64 calls to web
/// addresses wait, and each is tried four times within about a minute. What could not be told is in the log. At the end
/// a call under way is finished; those that wait are not made.
///
/// Thread: one, which must not hold locks; `log` is called from any.
class alert_notifier {
public:
  using logger = std::function<void(log_level, const std::string&)>;

  alert_notifier(std::vector<alert_channel> channels, logger log);
  void tell(const engine::alert_group& group, processing_time now);

private:
  void append(const std::string& file, const std::string& line);

  std::vector<alert_channel> channels_;
  logger log_;
  post_queue calls_;
};

}  // namespace millrace::node
