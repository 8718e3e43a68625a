#include "library/routers/route_by.hpp"

#include <cmath>
#include <stdexcept>

#include "library/lua/lua_values.hpp"
#include "millrace/key_codec.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> route_by::configure(wiring& w) {
  const auto arriving = w.input_type("in");
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  auto made = lua_formula::single("to", *to_, type->shared_schema());
  if (!made) return std::move(made).error();
  const auto kind = (*made)->columns().front().value.type;
  if (kind != lua_kind::number && kind != lua_kind::text && kind != lua_kind::any) {
    return user_error(errc::parse_error, (*made)->describe(0, std::string{"this gives "} + to_string(kind) +
                                                                  ", and a number or text is needed"));
  }
  auto conversion = make_converter(arriving, type);
  if (!conversion) return std::move(conversion).error();
  formula_ = std::move(*made);
  to_dynamic_.emplace(std::move(*conversion));
  return {};
}

bool route_by::route(context&, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
                     std::span<std::uint64_t>) {
  const auto converted = to_dynamic_->is_identity() ? nullptr : to_dynamic_->convert(records);
  const auto& all = converted == nullptr ? records : *converted;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    formula_->run(record_view{all, i});
    targets[i] = static_cast<std::uint16_t>(pick(partitions));
  }
  return false;
}

std::uint32_t route_by::pick(std::uint32_t partitions) const {
  auto* const s = formula_->state();
  value v;
  if (lua_type(s, 1) == LUA_TNUMBER && to_value(s, 1, {.kind = field_kind::integer}, v) == nullptr) {
    const auto rest = v.as_int64() % std::int64_t{partitions};
    return static_cast<std::uint32_t>(rest < 0 ? rest + partitions : rest);
  }
  if (lua_type(s, 1) == LUA_TSTRING && to_value(s, 1, {.kind = field_kind::string}, v) == nullptr) {
    return static_cast<std::uint32_t>(key_hash(v.as_bytes()) % partitions);
  }
  throw std::runtime_error{
      formula_->describe(0, "this gave " + describe_value(s, 1) + " where a whole number or text was expected")};
}

}  // namespace millrace::library
