#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "millrace/topology.hpp"

namespace millrace::nexmark {

/// What a query's topology is made with.
struct query_options {
  std::map<std::string, param_value> source;  ///< parameters of `millrace.nexmark.events`
  std::uint32_t partitions = 1;               ///< of the source and of every stage that can be divided
  std::string output_folder;                  ///< JSON lines; empty: the output is counted and forgotten
  std::chrono::milliseconds snapshot_interval{10'000};
};

/// A query of the benchmark.
struct query {
  const char* name;
  const char* meaning;
  topology (*make)(const query_options&);
};

/// All of them, in the order of their numbers.
[[nodiscard]] std::span<const query> queries();
/// nullptr: there is none of this name.
[[nodiscard]] const query* find_query(const std::string& name);

topology q0(const query_options& o);
topology q1(const query_options& o);
topology q2(const query_options& o);
topology q3(const query_options& o);
topology q4(const query_options& o);
topology q5(const query_options& o);
topology q6(const query_options& o);
topology q7(const query_options& o);
topology q8(const query_options& o);
topology q9(const query_options& o);
topology q10(const query_options& o);
topology q11(const query_options& o);
topology q12(const query_options& o);
topology q13(const query_options& o);
topology q14(const query_options& o);
topology q15(const query_options& o);
topology q16(const query_options& o);
topology q17(const query_options& o);
topology q18(const query_options& o);
topology q19(const query_options& o);
topology q20(const query_options& o);
topology q21(const query_options& o);
topology q22(const query_options& o);

/// The topology of a query as far as all are alike: the source `events` to begin with, a sink to end with.
class query_topology {
public:
  query_topology(std::string name, const query_options& o);
  /// Adds a stage of the type `millrace.nexmark.<type>`, fed by the one before it.
  query_topology& then(const std::string& type, std::map<std::string, param_value> params = {});
  /// As above, through a router by the key of the stage.
  query_topology& by_key_then(const std::string& type);
  /// Adds another way into the last stage, by its key: from output `from` of an earlier one.
  query_topology& also_by_key(const std::string& from);
  /// Ends with the sink. `split_by`: fields whose values have folders of their own.
  [[nodiscard]] topology finish(const std::string& split_by = {});

private:
  const query_options& options_;
  topology made_;
  std::string last_ = "events";
  int routers_ = 0;
};

}  // namespace millrace::nexmark
