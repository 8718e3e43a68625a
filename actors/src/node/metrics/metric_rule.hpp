#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::node {

/// One metric of something that there may be several of.
template <class Subject>
struct metric_rule {
  const char* name;
  const char* help;
  prometheus::MetricType type;
  double (*value)(const Subject&);
};

/// A series for each subject. `labelled`: one with the subject's labels, and no value yet.
template <class Subject, class Labelled>
[[nodiscard]] prometheus::MetricFamily family_of(const metric_rule<Subject>& rule, const std::vector<Subject>& subjects,
                                                 const Labelled& labelled) {
  prometheus::MetricFamily family{rule.name, rule.help, rule.type, {}};
  for (const auto& s : subjects) {
    auto m = labelled(s);
    (rule.type == prometheus::MetricType::Counter ? m.counter.value : m.gauge.value) = rule.value(s);
    family.metric.push_back(std::move(m));
  }
  return family;
}

[[nodiscard]] inline double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}
[[nodiscard]] inline double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}
[[nodiscard]] inline double number(std::uint64_t n) {
  return static_cast<double>(n);
}

}  // namespace millrace::node
