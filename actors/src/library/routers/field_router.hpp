#pragma once

#include <string>

#include "millrace/bytes.hpp"
#include "millrace/router.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// A router that looks at one field of each event; records of any type.
class field_router : public router {
public:
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) final;

protected:
  /// Finds the field that the parameter `field` names. Errors name it; it must be a single value. `type`: of the field;
  /// nullptr while nothing arrives.
  [[nodiscard]] result<void> find_field_in(wiring& w, const field_type*& type);
  /// Throws when the partitions that lie behind do not fit the parameters.
  virtual void check(std::uint32_t partitions) const = 0;
  [[nodiscard]] virtual std::uint32_t pick(const value& v, std::uint32_t partitions) = 0;

  param<std::string> field_{this, "field", "", {.required = true, .help = "The field to look at."}};

private:
  std::shared_ptr<const record_type> arriving_;  // what `type` points into
  std::uint32_t index_ = 0;
  byte_buffer scratch_;
};

}  // namespace millrace::library
