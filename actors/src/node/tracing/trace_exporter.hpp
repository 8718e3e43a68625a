#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/context.hpp"
#include "node/post_queue.hpp"
#include "node/tracing/told_span.hpp"
#include "node/tracing/trace_settings.hpp"

namespace millrace::node {

/// Takes spans to collectors and files, as OTLP in JSON (one request a line in a file).
///
/// The problem: spans come all the time and in small numbers, and whoever takes them may be slow, away or full. So they
/// are gathered into requests of up to `batch_max`, at most a second old; at most 32 requests wait for collectors, each
/// is tried four times within some seconds. Files are kept below `file_bytes_max`, with one older beside them
/// (`NAME.1`). What is lost is counted, and told in the log at most once a minute. Thread: one, `log` is called from
/// any.
class trace_exporter {
public:
  using logger = std::function<void(log_level, const std::string&)>;
  static constexpr std::size_t batch_max = 512;
  static constexpr std::uint64_t file_bytes_max = std::uint64_t{64} << 20;

  trace_exporter(std::vector<trace_target> targets, logger log);
  /// Takes along what was gathered; collectors get two seconds for it.
  ~trace_exporter();
  trace_exporter(const trace_exporter&) = delete;
  trace_exporter& operator=(const trace_exporter&) = delete;

  void add(const std::vector<told_span>& spans, std::chrono::steady_clock::time_point now);
  /// Spans that did not get where they were to go, since the start.
  [[nodiscard]] std::uint64_t lost() const;

private:
  struct losses;
  void flush();
  void append(const std::string& file, const std::string& line, std::size_t spans);

  const std::vector<trace_target> targets_;
  std::shared_ptr<losses> losses_;
  std::vector<told_span> gathered_;
  std::chrono::steady_clock::time_point gathered_since_{};
  std::unique_ptr<post_queue> calls_;  // where there is a collector
};

}  // namespace millrace::node
