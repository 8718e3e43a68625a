#include "library/processors/map_by.hpp"

#include <stdexcept>

#include "library/lua/lua_values.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

/// What a column holds when no type was declared; nothing when that cannot be told.
std::optional<field_kind> kind_of(lua_kind t) noexcept {
  switch (t) {
    case lua_kind::boolean:
      return field_kind::boolean;
    case lua_kind::number:
      return field_kind::float64;
    case lua_kind::text:
      return field_kind::string;
    case lua_kind::time:
      return field_kind::event_time;
    default:
      return std::nullopt;
  }
}

}  // namespace

result<void> map_by::configure(wiring& w) {
  sources_.clear();
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  auto formula = lua_formula::assignments("set", *set_, type->shared_schema());
  if (!formula) return std::move(formula).error();
  formula_ = std::move(*formula);
  results_.resize(formula_->columns().size());
  schema made{.name = arriving.name, .fields = {}};
  if (auto ok = add_kept(arriving, made); !ok) return ok;
  if (auto ok = add_computed(arriving, made); !ok) return ok;
  if (arriving.event_time_field) made.event_time_field = made.find(arriving.fields[*arriving.event_time_field].name);
  if (!made.event_time_field || made.fields[*made.event_time_field].type.kind != field_kind::event_time) {
    made.event_time_field = first_event_time(made.fields);
  }
  made_ = std::make_shared<const schema>(std::move(made));
  out_.set_type(dynamic_record_type(made_));
  return {};
}

result<void> map_by::add_kept(const schema& arriving, schema& made) {
  std::vector<std::uint32_t> kept;
  if (*keep_ == "*") {
    for (std::uint32_t i = 0; i < arriving.fields.size(); ++i) kept.push_back(i);
  } else {
    for (const auto& name : split_list(*keep_, ',')) {
      const auto index = find_field(arriving, name, "keep");
      if (!index) return index.error();
      if (made.find(name)) return user_error(errc::invalid_argument, "parameter 'keep' names '" + name + "' twice");
      kept.push_back(*index);
    }
  }
  for (const auto index : kept) {
    made.fields.push_back(arriving.fields[index]);
    made.fields.back().since = 1;
    sources_.push_back({false, index});
  }
  return {};
}

result<void> map_by::add_computed(const schema& arriving, schema& made) {
  const auto& columns = formula_->columns();
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    const auto& c = columns[i];
    const auto type = type_of(arriving, c);
    if (!type) return type.error();
    auto at = made.find(c.name);
    if (!at) {
      at = static_cast<std::uint32_t>(made.fields.size());
      made.fields.push_back({.name = c.name});
      sources_.emplace_back();
    }
    made.fields[*at].type = *type;
    made.fields[*at].personal = c.personal;
    const bool is_copy = c.value.field && !c.declared;
    sources_[*at] = is_copy ? source{false, *c.value.field} : source{true, i};
  }
  return {};
}

result<field_type> map_by::type_of(const schema& arriving, const lua_formula::column& c) const {
  const auto refuse = [&](const std::string& text) {
    return user_error(errc::parse_error, formula_->describe(c.offset, text));
  };
  if (!c.declared) {
    if (c.value.field) return arriving.fields[*c.value.field].type;
    const auto kind = kind_of(c.value.type);
    if (!kind) return refuse("the type of '" + c.name + "' cannot be told: write '" + c.name + ":float64 = …'");
    return field_type{.kind = *kind, .optional = !c.value.is_given};
  }
  const auto wanted = lua_kind_of(*c.declared);
  if (c.value.type == lua_kind::any || (c.value.type == lua_kind::nil && c.declared->optional)) return *c.declared;
  if (wanted == c.value.type) return *c.declared;
  return refuse("'" + c.name + "' is declared as " + to_text(*c.declared) + ", and the expression gives " +
                to_string(c.value.type));
}

void map_by::on_record(context&, const record_view& record) {
  formula_->run(record);
  if (!out_.is_connected()) return;
  auto* const s = formula_->state();
  for (std::uint32_t field = 0; field < sources_.size(); ++field) {
    const auto& from = sources_[field];
    if (!from.is_computed) continue;
    const auto& c = formula_->columns()[from.index];
    const auto& type = made_->fields[field].type;
    const auto index = static_cast<int>(from.index) + 1;
    const char* const wanted = to_value(s, index, type, results_[from.index]);
    if (wanted == nullptr) continue;
    throw std::runtime_error{formula_->describe(c.offset, "field '" + c.name + "' (" + to_text(type) + ") takes " +
                                                              wanted + ", and this is " + describe_value(s, index))};
  }
  auto& row = out_.row();
  row.begin_row();
  for (std::uint32_t field = 0; field < sources_.size(); ++field) {
    const auto& from = sources_[field];
    if (row.set(field, from.is_computed ? results_[from.index] : record.field(from.index))) continue;
    row.drop_row();
    const auto& c = formula_->columns()[from.index];
    throw std::runtime_error{formula_->describe(c.offset, describe_value(s, static_cast<int>(from.index) + 1) +
                                                              " does not fit into field '" + c.name + "' (" +
                                                              to_text(made_->fields[field].type) + ")")};
  }
  out_.emit();
}

}  // namespace millrace::library
