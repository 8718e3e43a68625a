#pragma once

#include <string>
#include <vector>

#include "millrace/engine/row_page.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// A declared state as snapshots know it: its name, the text of its type, and what older types it can be made of.
struct declared_state {
  const std::string& name;
  const std::string& type;
  const std::vector<state_migration>& migrations;
};

/// What keeps values written as type `written` from being read as `declared` (texts as in `to_text`), one sentence a
/// problem; empty: they can be read. Appended fields of records (with a later `since`, or optional) load with their
/// defaults, also in lists, maps and other records; integers and floats may become wider, and values optional.
[[nodiscard]] std::vector<std::string> state_type_problems(const std::string& written, const std::string& declared);

/// How to read what was written as `written`: an empty function for the state's own decoder, or its migration for that
/// type. errc::schema_mismatch names the actor, the state, both types, the reason and what to do.
[[nodiscard]] result<state_decode> reader_of(const std::string& actor, const std::string& written,
                                             const declared_state& state);

/// errc::schema_mismatch for a state that the snapshot has and the actor no longer declares.
[[nodiscard]] error unknown_state(const std::string& actor, const std::string& name, const std::string& written);

}  // namespace millrace::engine
