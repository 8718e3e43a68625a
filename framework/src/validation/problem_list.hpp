#pragma once

#include <string>
#include <utility>
#include <vector>

#include "millrace/validation.hpp"

namespace millrace::detail {

/// Collects what is wrong, so that one pass can report all of it.
class problem_list {
public:
  void error(std::string where, std::string what, std::string remedy) {
    ++errors_;
    add(problem::severity::error, std::move(where), std::move(what), std::move(remedy));
  }
  void warning(std::string where, std::string what, std::string remedy) {
    add(problem::severity::warning, std::move(where), std::move(what), std::move(remedy));
  }
  [[nodiscard]] bool has_errors() const noexcept { return errors_ != 0; }
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
  [[nodiscard]] std::vector<problem> take() && { return std::move(problems_); }

private:
  void add(problem::severity level, std::string where, std::string what, std::string remedy) {
    problems_.push_back({level, std::move(where), std::move(what), std::move(remedy)});
  }
  std::vector<problem> problems_;
  std::size_t errors_ = 0;
};

}  // namespace millrace::detail
