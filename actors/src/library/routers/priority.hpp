#pragma once

#include <set>
#include <string>

#include "library/routers/field_router.hpp"

namespace millrace::library {

/// Keeps some partitions free for events with certain values: those go to the first `reserved` partitions, all others
/// to the rest, each in turn. A flood of ordinary events cannot delay the reserved ones beyond what lies on the common
/// way before this router. The turns are part of the snapshot.
class priority final : public field_router {
public:
  result<void> configure(wiring& w) override;
  void save_state(msgpack::writer& out) const override;
  bool load_state(msgpack::reader& in) override;

private:
  void check(std::uint32_t partitions) const override;
  [[nodiscard]] std::uint32_t pick(const value& v, std::uint32_t partitions) override;

  param<std::string> values_text_{
      this, "values", "", {.required = true, .help = "Values of the field that go first, separated by commas."}};
  param<std::uint32_t> reserved_{this,
                                 "reserved",
                                 1,
                                 {.unit = "partitions",
                                  .min = 1,
                                  .max = partitions_max - 1,
                                  .help = "How many partitions only those values use."}};

  std::set<std::string> values_;  ///< in canonical form
  std::uint32_t next_reserved_ = 0;
  std::uint32_t next_other_ = 0;
};

}  // namespace millrace::library
