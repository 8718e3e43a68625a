#include "library/routers/field_router.hpp"

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> field_router::find_field_in(wiring& w, const field_type*& type) {
  type = nullptr;
  arriving_ = w.input_type("in");
  if (arriving_ == nullptr) return {};
  const auto& fields = arriving_->schema().fields;
  const auto index = find_field(arriving_->schema(), *field_, "field");
  if (!index) return index.error();
  index_ = *index;
  type = &fields[index_].type;
  if (type->is_scalar()) return {};
  return user_error(errc::invalid_argument, "parameter 'field': field '" + *field_ + "' is a " + to_text(*type) +
                                                ", and only a single value can be routed by");
}

bool field_router::route(context&, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                         std::span<std::uint64_t>) {
  check(partitions);
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    targets[i] = static_cast<std::uint16_t>(pick(records.type().value_at(records, i, index_, scratch_), partitions));
  }
  return false;
}

}  // namespace millrace::library
