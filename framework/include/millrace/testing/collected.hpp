#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/batch.hpp"
#include "millrace/key.hpp"
#include "millrace/typed_batch.hpp"
#include "millrace/validation.hpp"

namespace millrace::testing {

/// Records that came out of an actor or of a topology, in the order they came.
///
/// Holds references to the batches: cheap to copy, good for as long as it lives. Thread: one at a time.
class collected {
public:
  struct entry {
    batch_ptr records;
    std::uint32_t row = 0;
    std::uint32_t partition = 0;  ///< of the actor that emitted it (actor_harness) or took it (topology_harness)
  };

  void add(entry e) { entries_.push_back(std::move(e)); }
  void append(const collected& more) { entries_.insert(entries_.end(), more.entries_.begin(), more.entries_.end()); }
  void clear() noexcept { entries_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

  /// The records as C++ records; what is of another type is converted field by field. Throws std::invalid_argument when
  /// the types do not fit.
  template <record T>
  [[nodiscard]] std::vector<T> as() const {
    std::vector<T> out;
    out.reserve(entries_.size());
    for (const auto& e : entries_) out.push_back(rows<T>(*converted(e.records, record_type_of<T>()))[e.row]);
    return out;
  }
  /// The records for people: `{account="a-7", amount=12.5}`.
  [[nodiscard]] std::vector<std::string> texts() const;

private:
  [[nodiscard]] static batch_ptr converted(const batch_ptr& records, const record_type_ptr& to);

  std::vector<entry> entries_;
};

/// How two collections are to be compared.
struct comparison {
  equality how = equality::multiset;
  key_ptr key{};                      ///< in_order_per_key: whose order counts; none: compared as a multiset
  std::vector<std::string> ignore{};  ///< fields that may differ, such as a processing time
};

/// Empty when both are equal in that sense; else what is missing, what is too many or where the order breaks, with the
/// first few records of each.
[[nodiscard]] std::string difference(const collected& expected, const collected& got, const comparison& as);

}  // namespace millrace::testing
