#include "millrace/param.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "millrace/actor.hpp"

namespace millrace {
namespace {

std::string number_text(double d) {
  std::array<char, 32> buffer;  // NOLINT: written by to_chars
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), d).ptr;
  return {buffer.data(), end};
}

std::string range_text(const param_options& o) {
  if (o.min && o.max) return " from " + number_text(*o.min) + " to " + number_text(*o.max);
  if (o.min) return " of at least " + number_text(*o.min);
  return o.max ? " of at most " + number_text(*o.max) : "";
}

}  // namespace

std::string to_string(const param_value& v) {
  if (const auto* b = std::get_if<bool>(&v)) return *b ? "yes" : "no";
  if (const auto* i = std::get_if<std::int64_t>(&v)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&v)) return number_text(*d);
  return std::get<std::string>(v);
}

param_base::param_base(actor* owner, std::string name, param_options options)
    : name_{std::move(name)}, options_{std::move(options)} {
  engine::actor_access::params(*owner).push_back(this);
}

std::string param_base::shown(const param_value& v) const {
  return options_.is_secret ? masked_value : to_string(v);
}

std::string param_base::allowed() const {
  if (!options_.choices.empty()) {
    std::string text = "one of ";
    for (const auto& choice : options_.choices)
      text += (choice == options_.choices.front() ? "'" : ", '") + choice + "'";
    return text;
  }
  const std::string type = type_name();
  if (type == "yes/no") return "true or false";
  const std::string article = type == "integer" ? "an " : type == "text" ? "" : "a ";
  return article + type + range_text(options_) + (options_.unit.empty() ? "" : " (" + options_.unit + ")");
}

error param_base::out_of_range(const param_value& v) const {
  return user_error(errc::invalid_argument,
                    "parameter '" + name_ + "' is " + shown(v) + ", which is out of range: give " + allowed());
}

result<void> param_base::check(const param_value& v) const {
  if (const auto* text = std::get_if<std::string>(&v)) {
    const auto& choices = options_.choices;
    if (choices.empty() || std::ranges::find(choices, *text) != choices.end()) return {};
    return user_error(errc::invalid_argument, "parameter '" + name_ + "' is '" + shown(v) + "': give " + allowed());
  }
  if (std::holds_alternative<bool>(v)) return {};
  const auto* integer = std::get_if<std::int64_t>(&v);
  const double number = integer != nullptr ? static_cast<double>(*integer) : std::get<double>(v);
  const bool fits =
      std::isfinite(number) && !(options_.min && number < *options_.min) && !(options_.max && number > *options_.max);
  if (!fits) return out_of_range(v);
  return {};
}

}  // namespace millrace
