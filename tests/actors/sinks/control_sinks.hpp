#pragma once

#include "trial.hpp"

namespace sinks {

/// Sinks that show what the trials catch: `eager` says that it is transactional and writes at once, `forgetful` keeps
/// events that it said were prepared, `honest` writes at once and says so.
class control_candidate final : public candidate {
public:
  explicit control_candidate(std::string kind) : kind_{std::move(kind)} {}

  std::string name() const override { return kind_; }
  promise promises() const override { return kind_ == "honest" ? promise::at_least_once : promise::each_once; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<row> read(const std::filesystem::path& folder) const override;

private:
  std::string kind_;
};

}  // namespace sinks
