#include "library/processors/schema_check.hpp"

#include <stdexcept>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> schema_check::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  out_.set_type(type);
  auto rules = field_rules::read(*rules_text_, type->schema());
  if (!rules) return std::move(rules).error();
  rules_ = std::move(*rules);
  auto made = copied_fields(type->schema());
  if (auto ok = add_column(made, "reason", field_kind::string); !ok) return ok;
  rejected_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

void schema_check::on_record(context&, const record_view& record) {
  const auto reason = rules_.broken_by(record);
  if (reason.empty()) return out_.emit(record);
  if (*violations_ == "fail") throw std::runtime_error{reason};
  if (!rejected_.is_connected()) return;
  auto& row = rejected_.row();
  begin_copy(row, record);
  (void)row.set(static_cast<std::uint32_t>(record.values().size()), value::of(std::string_view{reason}));
  rejected_.emit();
}

}  // namespace millrace::library
