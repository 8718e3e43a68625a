#pragma once

#include <charconv>
#include <memory>
#include <string>

#include "millrace/inspect/record_condition.hpp"
#include "sample_actors.hpp"

namespace sample {

/// Holds for readings whose number is a multiple of `n`. A reading with the number `poisoned` cannot be told.
class every_nth final : public millrace::inspect::record_condition {
public:
  static constexpr std::int64_t poisoned = 13;
  explicit every_nth(std::int64_t n) : n_{n} {}
  found first_in(const millrace::batch& records, std::uint32_t from, std::uint32_t end) override {
    found out{end};
    const auto all = millrace::rows<reading>(records);
    for (auto row = from; row < end; ++row) {
      const auto number = all[row].number;
      if (number == poisoned && out.failures++ == 0) out.first_failure = "thirteen";
      if (number == poisoned || number % n_ != 0) continue;
      out.row = row;
      break;
    }
    return out;
  }

private:
  std::int64_t n_;
};

/// Reads the number alone.
inline millrace::result<std::shared_ptr<millrace::inspect::record_condition>> make_every_nth(
    const std::string& text, const millrace::record_type&) {
  std::int64_t n = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
  if (read.ec != std::errc{} || n <= 0) {
    return millrace::user_error(millrace::errc::parse_error, "'" + text + "' is no number");
  }
  return std::shared_ptr<millrace::inspect::record_condition>{std::make_shared<every_nth>(n)};
}

}  // namespace sample
