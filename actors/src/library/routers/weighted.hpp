#pragma once

#include <string>
#include <vector>

#include "millrace/router.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Deals events out in proportion to weights, evenly: of 3 and 1 every fourth event goes to the second partition, not
/// the last quarter. Smooth weighted round robin, as nginx does it. The turn is part of the snapshot.
class weighted final : public router {
public:
  result<void> configure(wiring& w) override;
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override;
  void save_state(msgpack::writer& out) const override;
  bool load_state(msgpack::reader& in) override;

private:
  [[nodiscard]] std::uint16_t next();

  param<std::string> weights_text_{
      this,
      "weights",
      "",
      {.required = true, .help = "A whole number for each partition behind, separated by commas: 3,1,1; 0: nothing."}};

  std::vector<std::int64_t> weights_;
  std::vector<std::int64_t> credit_;  ///< what each partition has saved up; the sum is 0
  std::int64_t total_ = 0;
};

}  // namespace millrace::library
