#pragma once

#include <string>

#include "millrace/error.hpp"

namespace millrace::command {

/// The reference of all actor types as Markdown, by kind: what each is for, its ports, its parameters, what it
/// promises. `examples`: a folder of topologies NAME.mill for types `….NAME`, and what they give in expected/NAME.csv,
/// .jsonl or .out, which then stand with their types; empty: none. Error: the folder is not there.
[[nodiscard]] result<std::string> actor_reference(const std::string& examples);

}  // namespace millrace::command
