#pragma once

#include "trial.hpp"

namespace sinks {

/// Rows of CSV texts as a file sink writes them, without their header; appended to `out`.
void read_csv(const std::filesystem::path& file, std::vector<row>& out);

/// millrace.file_sink.
class file_candidate final : public candidate {
public:
  std::string name() const override { return "file"; }
  promise promises() const override { return promise::each_once; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<row> read(const std::filesystem::path& folder) const override;
  std::uint64_t newest_visible_epoch(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override {
    return {{"sink.before_rename", 3, 12}, {"sink.after_rename", 3, 12}, {"sink.rolled_forward", 1, 2}};
  }
};

}  // namespace sinks
