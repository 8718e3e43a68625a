#pragma once

#include <map>
#include <string>

#include "core/actor_catalogue.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// Values a newly added actor starts with, so that a first topology runs before anything was typed: required parameters
/// whose meaning is plain from their name (the key, a window's size, a sink's folder), and a calm rate for the
/// generator. What has no harmless value stays empty and shows up in Problems. `name`: the actor's.
[[nodiscard]] std::map<std::string, param_value> starterValues(const ActorType& type, const std::string& name);

/// A name for a new actor of this type that the topology does not have yet: `file_sink`, `file_sink-2`, …
[[nodiscard]] std::string freeName(const topology& spec, const std::string& wanted);
/// The part of a type's id behind the last dot, as a name.
[[nodiscard]] std::string nameOfType(const std::string& id);

}  // namespace millrace::workbench
