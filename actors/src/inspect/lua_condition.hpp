#pragma once

#include <memory>
#include <string>

#include "millrace/inspect/record_condition.hpp"

namespace millrace::inspect {

/// A condition in the language of `millrace.filter_by`: an expression over the fields of a record, run in a sandbox
/// with its limits of time and memory.
///
/// Errors (the user's): what is wrong with the text and where; a field that is marked as data about a person, which
/// could be found out by asking often enough.
[[nodiscard]] result<std::shared_ptr<record_condition>> make_lua_condition(const std::string& text,
                                                                           const record_type& records);

}  // namespace millrace::inspect
