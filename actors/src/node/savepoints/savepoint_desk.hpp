#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "millrace/error.hpp"

namespace millrace::node {

/// What becomes of the savepoints that were asked for: which are being written, and why the newest that failed did.
/// Thread: any.
class savepoint_desk {
public:
  void begin(const std::string& id);
  void end(const std::string& id, const result<void>& outcome);
  [[nodiscard]] std::set<std::string> under_way() const;
  [[nodiscard]] nlohmann::json failed() const;

private:
  static constexpr std::size_t failures_max = 16;
  mutable std::mutex mutex_;
  std::set<std::string> open_;
  std::deque<std::pair<std::string, std::string>> failed_;  // id, why
};

}  // namespace millrace::node
