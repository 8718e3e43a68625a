#pragma once

#include <memory>

#include "server.hpp"
#include "trial.hpp"

namespace postgresql_tests {

/// postgresql.sink on a server of its own, which may die as well; read with libpq alone.
class candidate final : public sinks::candidate {
public:
  enum class kind : unsigned char { append, upsert, dying_server };
  explicit candidate(kind k) : kind_{k} {}

  std::string name() const override;
  sinks::promise promises() const override {
    return kind_ == kind::upsert ? sinks::promise::last_of_key : sinks::promise::each_unordered;
  }
  bool is_keyed() const override { return kind_ == kind::upsert; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<sinks::row> read(const std::filesystem::path& folder) const override;
  std::uint64_t newest_visible_epoch(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override;
  void begin(const std::filesystem::path& folder) override;
  void end(const std::filesystem::path& folder) override;
  void disturb() override;

private:
  kind kind_;
  std::unique_ptr<server> server_;
  int steps_ = 0;
};

}  // namespace postgresql_tests
