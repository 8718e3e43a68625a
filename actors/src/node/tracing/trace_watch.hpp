#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/runtime/topology_run.hpp"
#include "node/tracing/trace_book.hpp"
#include "node/tracing/trace_exporter.hpp"
#include "node/tracing/trace_settings.hpp"

namespace millrace::node {

/// The traces of one run: collects what its tasks tell, keeps the newest for people and takes all to where they are to
/// go. Thread: `look` one; the rest any.
class trace_watch {
public:
  /// `node`: name of this one among several; empty: there is one.
  trace_watch(const trace_settings& settings, std::string node, trace_exporter::logger log);

  /// To be called often: tasks have room for some thousand spans each.
  void look(runtime::topology_run& run, std::chrono::steady_clock::time_point now);
  /// Answers the verb `trace`: all of them in short, or the one that `args` names.
  [[nodiscard]] result<nlohmann::json> answer(const nlohmann::json& args) const;
  [[nodiscard]] trace_book::counts totals() const { return book_.totals(); }
  [[nodiscard]] std::uint64_t lost() const { return exporter_.lost(); }

private:
  const bool is_on_;
  const std::string node_;
  trace_book book_;
  trace_exporter exporter_;
};

/// What `list` and `show` take: `{"trace": ID}` or `{"most": N}`. Errors name the argument.
[[nodiscard]] result<nlohmann::json> answer_traces(const trace_book& book, const nlohmann::json& args);

}  // namespace millrace::node
