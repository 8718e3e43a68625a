#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/context.hpp"
#include "millrace/error.hpp"
#include "millrace/time.hpp"

namespace millrace::node {

/// One line of a topology's log.
struct log_record {
  std::uint64_t number = 0;  ///< counts up, from 1 with each start of the node
  processing_time at{};
  log_level level = log_level::info;
  std::string actor{};  ///< empty: the run itself
  std::int64_t partition = -1;
  std::string node{};   ///< that runs the task; empty: this one
  std::string trace{};  ///< of the event that was being handled; empty: it was not followed
  std::string text{};
};
[[nodiscard]] nlohmann::json to_json(const log_record& r, const std::string& topology);

/// What a topology of a node says of itself: the newest records in memory, and more of them in a file, one JSON object
/// a line, which is put aside at its limit (`log.jsonl`, and `log.jsonl.1` before it). A disk that does not take them
/// costs the file alone. Thread: any.
class log_book {
public:
  static constexpr std::size_t records_max = 2000;
  static constexpr std::size_t text_bytes_max = 8192;
  static constexpr std::uintmax_t file_bytes_max = std::uintmax_t{4} << 20U;

  log_book(std::string topology, std::filesystem::path file) : topology_{std::move(topology)}, file_{std::move(file)} {}

  /// `text` may begin with the task it comes from, and end with a trace (runtime/task_words.hpp).
  void add(log_level level, const std::string& text, processing_time now);

  struct query {
    std::uint64_t after = 0;  ///< records with a higher number
    log_level least = log_level::debug;
    std::string actor{};  ///< empty: all
    std::size_t limit = 200;
  };
  /// `records`, the newest `limit` of what is asked for, oldest first; of those after a number the oldest. `last`:
  /// number up to which was looked.
  [[nodiscard]] nlohmann::json read(const query& q) const;

private:
  /// False: it could not be.
  [[nodiscard]] bool write(const log_record& r);
  void keep(log_record r);

  const std::string topology_;
  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::deque<log_record> records_;
  std::uint64_t last_ = 0;
  std::ofstream out_;
  std::uintmax_t written_ = 0;
  bool is_file_given_up_ = false;
};

/// Answers the verb `logs`: `after`, `level`, `actor`, `limit`.
[[nodiscard]] result<nlohmann::json> answer_logs(const log_book& book, const nlohmann::json& args);

[[nodiscard]] const char* to_string(log_level level) noexcept;

}  // namespace millrace::node
