#pragma once

#include <string>

#include "millrace/topology.hpp"
#include "millrace/validation.hpp"

/// Actor types that the tests of topologies, validation and plans wire; registered as `test.…` by wiring_actors.cpp.
namespace wiring_test {

/// trades → route (by key) → count (×4, keyed by account) → file: valid, with no warning.
[[nodiscard]] millrace::topology counting(const std::string& producer = "test.trades",
                                          const std::string& sink = "test.file_sink");

/// A problem of that place whose text and remedy contain the parts given.
[[nodiscard]] bool has_problem(const millrace::validation& v, const std::string& where, const std::string& what,
                               const std::string& remedy);

/// All problems, one behind the other: for messages of failing tests.
[[nodiscard]] std::string text_of(const millrace::validation& v);

/// Validates, and fails the test run when a problem lacks a place, a text or a remedy.
[[nodiscard]] millrace::validation checked(const millrace::topology& t);

}  // namespace wiring_test
