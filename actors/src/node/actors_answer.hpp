#pragma once

#include <nlohmann/json.hpp>

#include "millrace/error.hpp"

namespace millrace::node {

/// Answers the verb `actors`: what this process can run, types of plugins included, sorted by id.
///
/// `type`: that one alone (errc::not_found names the nearest). `after` and `limit`: a part of the list, behind that id;
/// as much of it as fits into a message. `all`: also parts of the built-in benchmarks. Gives `types`, each as
/// `catalogue::describe` has it, `total`, and `more`: there are others behind the last one.
[[nodiscard]] result<nlohmann::json> answer_actors(const nlohmann::json& args);

}  // namespace millrace::node
