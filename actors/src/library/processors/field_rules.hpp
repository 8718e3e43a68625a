#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace re2 {
class RE2;
}

namespace millrace::library {

/// What fields have to be like, as text: `amount required; amount > 0; state in open|closed; email matches .+@.+;
/// note length 1..200`. Rules are separated by semicolons or lines. Null breaks `required` only, NaN every comparison.
/// `matches` is a whole match of an RE2 expression, which takes time in proportion to the text.
///
/// Immutable. Thread: one owner.
class field_rules {
public:
  field_rules();
  field_rules(field_rules&&) noexcept;
  field_rules& operator=(field_rules&&) noexcept;
  ~field_rules();

  /// Errors name the rule, and what would have been right.
  [[nodiscard]] static result<field_rules> read(const std::string& text, const schema& arriving);
  /// Empty when the record keeps all rules; else what is wrong, one sentence a rule.
  [[nodiscard]] std::string broken_by(const record_view& record) const;

  static constexpr std::size_t rules_max = 1000;

private:
  enum class kind : unsigned char { required, less, at_most, more, at_least, choices, matches, length };
  struct rule {
    std::uint32_t field = 0;
    kind what = kind::required;
    std::string text;  ///< what stands behind the field's name
    value operand{};
    std::string operand_bytes;         ///< what the operand is a view into
    std::vector<std::string> choices;  ///< in canonical form
    std::unique_ptr<re2::RE2> pattern;
    std::size_t least = 0;
    std::size_t most = 0;
  };

  [[nodiscard]] static result<rule> read_rule(const std::string& text, const schema& arriving);
  [[nodiscard]] static result<void> read_operand(rule& r, const std::string& operand, const field_type& type);
  [[nodiscard]] static bool keeps(const rule& r, const field_type& type, const value& v);

  std::vector<rule> rules_;
};

}  // namespace millrace::library
