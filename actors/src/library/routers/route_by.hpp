#pragma once

#include <memory>
#include <optional>
#include <string>

#include "library/lua/lua_formula.hpp"
#include "millrace/convert.hpp"
#include "millrace/router.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Sends each event to the partition that an expression says: a whole number counts partitions from 0 and starts over
/// behind the last one, a text stands for the same partition every time. No router by key: keyed state cannot follow.
class route_by final : public router {
public:
  result<void> configure(wiring& w) override;
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override;

private:
  [[nodiscard]] std::uint32_t pick(std::uint32_t partitions) const;

  param<std::string> to_{
      this, "to", "", {.required = true, .help = "A number or text for each event, e.g. price > 100 and 0 or 1."}};
  std::unique_ptr<lua_formula> formula_;
  std::optional<converter> to_dynamic_;
};

}  // namespace millrace::library
