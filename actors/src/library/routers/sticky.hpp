#pragma once

#include <map>
#include <string>
#include <vector>

#include "library/routers/field_router.hpp"

namespace millrace::library {

/// Sends all events of a field's value to the partition that had the least when the value was first seen. The table is
/// part of the snapshot. When it is full, new values go by their hash, which is as lasting but not balanced. Each
/// partition of the router keeps a table of its own, so all events of a value must come through one of them. No router
/// by key: keyed state cannot follow.
class sticky final : public field_router {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void save_state(msgpack::writer& out) const override;
  bool load_state(msgpack::reader& in) override;

private:
  void check(std::uint32_t) const override {}
  [[nodiscard]] std::uint32_t pick(const value& v, std::uint32_t partitions) override;
  [[nodiscard]] std::uint32_t place(const std::string& canonical, std::uint32_t partitions);
  void fit(std::uint32_t partitions);

  param<std::string> balance_{
      this,
      "balance",
      "events",
      {.choices = {"events", "values"}, .help = "A new value goes where the fewest events, or values, went so far."}};
  param<std::int64_t> values_max_{
      this,
      "values_max",
      100'000,
      {.unit = "values", .min = 1, .max = 10'000'000, .help = "Values that are remembered."}};

  std::map<std::string, std::uint16_t> places_;  ///< by value in canonical form
  std::vector<std::uint64_t> loads_;             ///< of each partition
};

}  // namespace millrace::library
