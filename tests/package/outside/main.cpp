#include <iostream>
#include <millrace/error.hpp>
#include <millrace/time.hpp>

int main() {
  const auto problem = millrace::user_error(millrace::errc::not_found, "the package works");
  std::cout << millrace::to_string(problem.code) << ": " << problem.message << '\n';
  return problem.kind == millrace::error_class::user ? 0 : 1;
}
