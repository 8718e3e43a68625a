#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "library/patterns/pattern_expression.hpp"
#include "library/patterns/pattern_lexer.hpp"
#include "millrace/patterns/definition.hpp"
#include "millrace/schema.hpp"

namespace millrace::library {

/// What follows a stage's or a match's name: `.field`, `.first.field`, `.count`, `.sum.field`.
struct pattern_pick {
  pattern_reference::pick how = pattern_reference::pick::last;
  std::uint32_t field = 0;
  const field_type* type = nullptr;  ///< nullptr: a count
};
[[nodiscard]] pattern_pick read_pick(pattern_lexer& in, const schema& records, pattern_reference::pick without);
/// Words that mean something in patterns, so no stage can have them as its name.
[[nodiscard]] bool is_reserved(std::string_view word) noexcept;
[[nodiscard]] std::uint32_t field_named(const pattern_token& name, const schema& records);

/// Reads conditions: recursive descent, from `or` down to single values, checking types on the way. Throws
/// `pattern_error`.
class condition_parser {
public:
  /// `stages`: those a condition may refer to, its own last.
  condition_parser(pattern_lexer& in, const schema& records, const std::vector<patterns::stage>& stages)
      : in_{in}, records_{records}, stages_{stages} {}
  [[nodiscard]] pattern_expression read();

private:
  using op = pattern_expression::op;
  std::uint32_t read_or();
  std::uint32_t read_and();
  std::uint32_t read_not();
  std::uint32_t read_comparison();
  std::uint32_t read_sum();
  std::uint32_t read_product();
  std::uint32_t read_single();
  std::uint32_t read_literal();
  std::uint32_t read_reference();
  std::uint32_t read_list(std::uint32_t left);
  std::uint32_t join(op what, std::uint32_t left, std::uint32_t right, const pattern_token& at);
  std::uint32_t calculate(op what, std::uint32_t left, std::uint32_t right, const pattern_token& at);
  std::uint32_t compare(op what, std::uint32_t left, std::uint32_t right, const pattern_token& at);
  void fit_time(std::uint32_t side, std::uint32_t other, const pattern_token& at);
  void want(std::uint32_t i, expression_type type, const pattern_token& at);
  [[nodiscard]] std::uint32_t stage_named(const pattern_token& name) const;

  static constexpr int depth_max = 50;
  pattern_lexer& in_;
  const schema& records_;
  const std::vector<patterns::stage>& stages_;
  pattern_expression made_;
  int depth_ = 0;
};

}  // namespace millrace::library
