#pragma once

#include <map>
#include <memory>

#include "cluster.hpp"
#include "trial.hpp"

namespace kafka_tests {

/// kafka.sink on a cluster whose brokers may go away for a while; read with librdkafka alone.
class candidate final : public sinks::candidate {
public:
  explicit candidate(bool has_blinking_brokers) : has_blinking_brokers_{has_blinking_brokers} {}

  std::string name() const override { return has_blinking_brokers_ ? "kafka_brokers_away" : "kafka"; }
  sinks::promise promises() const override { return sinks::promise::at_least_once; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<sinks::row> read(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override { return {{"sink.published", 300, 1200}}; }
  void begin(const std::filesystem::path& folder) override;
  void disturb() override;

private:
  bool has_blinking_brokers_;
  std::unique_ptr<cluster> cluster_;
  std::string topic_;
  int steps_ = 0;
};

}  // namespace kafka_tests
