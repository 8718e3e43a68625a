#pragma once

#include "trial.hpp"

namespace sinks {

/// millrace.sqlite_sink, read with SQLite's own library.
class sqlite_candidate final : public candidate {
public:
  explicit sqlite_candidate(bool upserts) : upserts_{upserts} {}

  std::string name() const override { return upserts_ ? "sqlite_upsert" : "sqlite"; }
  promise promises() const override { return upserts_ ? promise::last_of_key : promise::each_once; }
  bool is_keyed() const override { return upserts_; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<row> read(const std::filesystem::path& folder) const override;
  std::uint64_t newest_visible_epoch(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override;

private:
  bool upserts_;
};

}  // namespace sinks
