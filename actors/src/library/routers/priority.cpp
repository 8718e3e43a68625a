#include "library/routers/priority.hpp"

#include <stdexcept>

#include "library/processors/key_fields.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

result<void> priority::configure(wiring& w) {
  const field_type* type = nullptr;
  values_.clear();
  if (auto ok = find_field_in(w, type); !ok || type == nullptr) return ok;
  for (const auto& text : split_list(*values_text_, ',')) {
    value v;
    std::string scratch;
    const char* const expected = parse_value(*type, text, v, scratch);
    if (expected != nullptr) {
      return user_error(errc::invalid_argument, "parameter 'values' has '" + text + "', which field '" + *field_ +
                                                    "' (" + to_text(*type) + ") cannot be: expected " + expected);
    }
    values_.insert(canonical(v));
  }
  if (!values_.empty()) return {};
  return user_error(errc::invalid_argument, "parameter 'values' is empty: name the values that go first");
}

void priority::check(std::uint32_t partitions) const {
  if (partitions > *reserved_) return;
  throw std::runtime_error{"parameter 'reserved' is " + std::to_string(*reserved_) + ", and " +
                           std::to_string(partitions) +
                           " partitions lie behind: give what follows more, so that some are left for other events"};
}

std::uint32_t priority::pick(const value& v, std::uint32_t partitions) {
  if (values_.contains(canonical(v))) return next_reserved_++ % *reserved_;
  return *reserved_ + next_other_++ % (partitions - *reserved_);
}

void priority::save_state(msgpack::writer& out) const {
  out.array(2);
  out.integer(next_reserved_);
  out.integer(next_other_);
}

bool priority::load_state(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && n == 2 && in.integer(next_reserved_) && in.integer(next_other_);
}

}  // namespace millrace::library
