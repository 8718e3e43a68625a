#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/error.hpp"

namespace millrace {

class actor;

/// A parameter's value as it stands in a topology: JSON's scalars.
using param_value = std::variant<bool, std::int64_t, double, std::string>;

/// The value as a person would write it: `yes`, `5`, `0.25`, `text`.
[[nodiscard]] std::string to_string(const param_value& v);

/// Stands wherever a secret's value would.
inline constexpr const char* masked_value = "***";

/// When a parameter means anything: while another one of the same actor has one of these values.
struct param_condition {
  std::string param{};                ///< the other parameter's name
  std::vector<std::string> values{};  ///< its values as a topology writes them: `true`, `5`, `csv`
};

/// What a parameter means to the person who sets it. Shown by `millrace actor list`, checked at validation.
struct param_options {
  std::string unit{};                  ///< e.g. "ms", "events/s"; empty: a plain number or text
  std::optional<double> min{};         ///< smallest value allowed (numbers)
  std::optional<double> max{};         ///< largest value allowed (numbers)
  std::vector<std::string> choices{};  ///< the only texts allowed (strings); empty: any
  bool required = false;               ///< must stand in the topology
  bool live = false;                   ///< may be changed while the topology runs
  bool is_path = false;                ///< a file or folder; relative ones are resolved against the topology file
  bool is_secret = false;              ///< its value is never shown: messages, plans and descriptions say `***`
  std::optional<param_condition> shown_when{};  ///< editors leave it out otherwise; always checked; empty: always shown
  std::string help{};                           ///< one sentence
};

/// Base of `param<T>`: registers itself with its actor. Thread: owning actor.
class param_base {
public:
  param_base(const param_base&) = delete;
  param_base& operator=(const param_base&) = delete;
  virtual ~param_base() = default;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const param_options& options() const noexcept { return options_; }
  /// "integer", "number", "text" or "yes/no".
  [[nodiscard]] virtual const char* type_name() const noexcept = 0;
  [[nodiscard]] virtual param_value get() const = 0;
  /// The value for a message: `to_string`, or `***` for a secret.
  [[nodiscard]] std::string shown(const param_value& v) const;
  /// What may be set, for messages: `a number from 1 to 10 (trades/min)`, `one of 'a', 'b'`.
  [[nodiscard]] std::string allowed() const;
  /// Checks type, range and choices; the error names the parameter and what is allowed. Unchanged on error.
  [[nodiscard]] virtual result<void> set(const param_value& v) = 0;

protected:
  param_base(actor* owner, std::string name, param_options options);
  [[nodiscard]] result<void> check(const param_value& v) const;
  [[nodiscard]] error out_of_range(const param_value& v) const;

private:
  std::string name_;
  param_options options_;
};

/// A typed parameter, declared as a member of its actor: `param<int> limit{this, "limit", 5, {.unit = "trades/min"}};`
///
/// T: bool, an integer, float/double or std::string.
template <class T>
class param final : public param_base {
  using stored =
      std::conditional_t<std::is_same_v<T, bool>, bool,
                         std::conditional_t<std::is_integral_v<T>, std::int64_t,
                                            std::conditional_t<std::is_floating_point_v<T>, double, std::string>>>;

public:
  param(actor* owner, std::string name, T initial, param_options options = {})
      : param_base(owner, std::move(name), std::move(options)), value_(std::move(initial)) {}

  [[nodiscard]] const T& operator*() const noexcept { return value_; }
  [[nodiscard]] const T* operator->() const noexcept { return &value_; }

  [[nodiscard]] const char* type_name() const noexcept override {
    if constexpr (std::is_same_v<stored, bool>) return "yes/no";
    if constexpr (std::is_same_v<stored, std::int64_t>) return "integer";
    if constexpr (std::is_same_v<stored, double>) return "number";
    return "text";
  }
  [[nodiscard]] param_value get() const override { return static_cast<stored>(value_); }
  [[nodiscard]] result<void> set(const param_value& v) override {
    param_value fitted = v;
    if constexpr (std::is_same_v<stored, double>) {
      if (const auto* i = std::get_if<std::int64_t>(&v)) fitted = static_cast<double>(*i);
    }
    if (!std::holds_alternative<stored>(fitted)) {
      return user_error(errc::invalid_argument,
                        "parameter '" + name() + "' takes " + type_name() + ", not '" + shown(v) + "'");
    }
    if (auto ok = check(fitted); !ok) return ok;
    if constexpr (std::is_same_v<stored, std::int64_t>) {
      if (!std::in_range<T>(std::get<stored>(fitted))) return out_of_range(v);
    }
    value_ = static_cast<T>(std::get<stored>(std::move(fitted)));
    return {};
  }

private:
  T value_;
};

}  // namespace millrace
