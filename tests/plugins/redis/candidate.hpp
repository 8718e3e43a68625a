#pragma once

#include <memory>

#include "server.hpp"
#include "trial.hpp"

namespace redis_tests {

/// redis.sink on a server of its own, which may die as well; read with hiredis alone.
class candidate final : public sinks::candidate {
public:
  explicit candidate(bool has_dying_server) : has_dying_server_{has_dying_server} {}

  std::string name() const override { return has_dying_server_ ? "redis_server_dies" : "redis"; }
  sinks::promise promises() const override { return sinks::promise::each_unordered; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<sinks::row> read(const std::filesystem::path& folder) const override;
  std::uint64_t newest_visible_epoch(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override;
  void begin(const std::filesystem::path& folder) override;
  void end(const std::filesystem::path& folder) override;
  void disturb() override;

private:
  bool has_dying_server_;
  std::unique_ptr<server> server_;
  int steps_ = 0;
};

}  // namespace redis_tests
