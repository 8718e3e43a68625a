#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "inspect/dynamic_rows.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/ids.hpp"

namespace millrace::inspect {

/// Shows single records of a channel as JSON, for people who look into it: with their event time, key and place, and
/// without what is marked as data about a person. Long texts and lists are cut. Thread: one owner.
class sample_writer {
public:
  /// The plan outlives it.
  sample_writer(const engine::plan& plan, channel_id channel);

  /// Fields: docs/debugging.md. `records`: as the channel's receiver sees them.
  [[nodiscard]] nlohmann::json write(const batch& records, std::uint32_t row, sequence number,
                                     event_time watermark) const;
  /// Names of the record's fields, in their order.
  [[nodiscard]] std::vector<std::string> fields() const;

private:
  [[nodiscard]] nlohmann::json key_of(const batch& records, std::uint32_t row) const;

  const engine::plan& plan_;
  const engine::plan_channel& channel_;
  const record_type& type_;
  dynamic_rows rows_;
  std::shared_ptr<const key_extractor> key_;  // null: records have none there
  bool is_key_personal_ = false;
};

}  // namespace millrace::inspect
