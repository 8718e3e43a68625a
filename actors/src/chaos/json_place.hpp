#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chaos/experiment.hpp"
#include "millrace/detail/nearest.hpp"
#include "millrace/duration.hpp"

namespace millrace::chaos {

inline constexpr double pause_s_max = 86'400;
inline constexpr std::size_t list_items_max = 1'000;

/// Ends the reading; caught where it began.
using mistake = experiment_mistake;

/// A value of an experiment and where it stands: a wrong one is thrown as a `mistake` that names its JSON pointer.
struct place {
  const nlohmann::json& value;
  std::string pointer;

  [[noreturn]] void fail(const std::string& what) const { throw mistake{pointer, what}; }
  [[nodiscard]] bool has(const char* name) const { return value.contains(name); }
  [[nodiscard]] place at(const char* name) const {
    if (!value.contains(name)) fail(std::string{"'"} + name + "' is missing");
    return {value.at(name), pointer + "/" + name};
  }
  [[nodiscard]] place at(std::size_t i) const { return {value.at(i), pointer + "/" + std::to_string(i)}; }
  [[nodiscard]] const place& object() const {
    if (!value.is_object()) fail("an object is wanted here");
    return *this;
  }
  [[nodiscard]] const place& array() const {
    if (!value.is_array()) fail("a list is wanted here");
    if (value.size() > list_items_max) fail("there are more than " + std::to_string(list_items_max) + " here");
    return *this;
  }
  [[nodiscard]] std::string text() const {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) fail("a text is wanted here");
    return value.get<std::string>();
  }
  [[nodiscard]] bool flag() const {
    if (!value.is_boolean()) fail("true or false is wanted here");
    return value.get<bool>();
  }
  [[nodiscard]] double number(double least, double most) const {
    if (!value.is_number()) fail("a number is wanted here");
    const auto n = value.get<double>();
    if (!(n >= least && n <= most)) {
      fail("a number between " + nlohmann::json(least).dump() + " and " + nlohmann::json(most).dump() +
           " is wanted here");
    }
    return n;
  }
  [[nodiscard]] std::chrono::milliseconds seconds() const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(number(0, pause_s_max) * 1000)};
  }
  [[nodiscard]] std::chrono::milliseconds duration() const {
    const auto d = parse_duration(text());
    if (!d) fail(d.error().message);
    return *d;
  }
  [[nodiscard]] std::string one_of(const std::vector<std::string>& known) const {
    const auto t = text();
    if (std::ranges::find(known, t) != known.end()) return t;
    fail("'" + t + "' is not known here; there are " + detail::quoted_list(known));
  }
};

}  // namespace millrace::chaos
