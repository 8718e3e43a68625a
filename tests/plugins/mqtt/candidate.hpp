#pragma once

#include <sys/types.h>

#include <memory>

#include "broker.hpp"
#include "trial.hpp"

namespace mqtt_tests {

/// mqtt.sink on a server of its own, which may die as well; a process that does nothing else reads what it publishes.
class candidate final : public sinks::candidate {
public:
  explicit candidate(bool has_dying_server) : has_dying_server_{has_dying_server} {}

  std::string name() const override { return has_dying_server_ ? "mqtt_server_dies" : "mqtt"; }
  sinks::promise promises() const override { return sinks::promise::at_least_once; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<sinks::row> read(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override { return {{"sink.published", 300, 1200}}; }
  void begin(const std::filesystem::path& folder) override;
  void end(const std::filesystem::path& folder) override;
  void disturb() override;

private:
  /// All lines that the reader got; what the server had taken before this call is among them.
  [[nodiscard]] std::vector<std::string> all_received(const std::filesystem::path& folder) const;

  bool has_dying_server_;
  std::unique_ptr<broker> broker_;
  pid_t reader_ = -1;
  mutable int markers_ = 0;
  int steps_ = 0;
  std::filesystem::path folder_;
};

}  // namespace mqtt_tests
