#pragma once

#include "trial.hpp"

namespace sinks {

/// millrace.table_sink by id, read with LMDB and nlohmann's MessagePack: nothing of the framework.
class table_candidate final : public candidate {
public:
  std::string name() const override { return "table"; }
  promise promises() const override { return promise::each_unordered; }
  bool is_keyed() const override { return true; }
  void add_to(millrace::topology& t, const std::filesystem::path& folder) const override;
  std::vector<row> read(const std::filesystem::path& folder) const override;
  std::vector<support::kill_point> points() const override { return {{"sink.table_put", 3, 12}}; }
};

}  // namespace sinks
