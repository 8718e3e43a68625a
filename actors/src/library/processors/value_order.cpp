#include "library/processors/value_order.hpp"

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

namespace {

std::partial_ordering compare_bytes(std::string_view a, std::string_view b) noexcept {
  return a <=> b;
}

}  // namespace

std::partial_ordering compare(const value& a, const value& b) noexcept {
  if (a.is_null()) return std::partial_ordering::unordered;
  if (a.is_view()) return compare_bytes(a.as_string(), b.as_string());
  switch (a.kind()) {
    case value_kind::boolean:
      return a.as_bool() <=> b.as_bool();
    case value_kind::event_time:
      return a.as_time() <=> b.as_time();
    case value_kind::int64:
      if (b.kind() == value_kind::int64) return a.as_int64() <=> b.as_int64();
      if (b.kind() == value_kind::uint64) return std::partial_ordering::less;
      break;
    case value_kind::uint64:
      if (b.kind() == value_kind::uint64) return a.as_uint64() <=> b.as_uint64();
      if (b.kind() == value_kind::int64) return std::partial_ordering::greater;
      break;
    default:
      break;
  }
  return number_of(a) <=> number_of(b);
}

}  // namespace millrace::library
