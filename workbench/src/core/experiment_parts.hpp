#pragma once

#include <QString>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/chaos/catalogue.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// What an experiment consists of, in the order a designer goes through it.
enum class ExperimentSection : std::uint8_t {
  About,
  Configuration,
  Hypothesis,
  Method,
  Rollbacks,
  Strategies,
  Judgement
};
inline constexpr int experimentSections = 7;

/// A section, or one thing in it: a probe, an action, a value of the configuration.
struct ExperimentRow {
  ExperimentSection section = ExperimentSection::About;
  int item = -1;  ///< −1: the section itself

  bool operator==(const ExperimentRow&) const = default;
};

/// What happens to a running topology: the one an experiment is for.
struct ExperimentTarget {
  topology spec;
  QString file;  ///< absolute; empty: it has none
};

// What follows is pure.

/// The list that a section's items are in; empty: it has no items, or they are members of an object.
[[nodiscard]] std::string listOf(ExperimentSection section);
[[nodiscard]] int itemCount(const nlohmann::ordered_json& root, ExperimentSection section);
/// JSON pointer of what a row edits; for strategies and judgement where it is, or would be.
[[nodiscard]] std::string pointerOf(const nlohmann::ordered_json& root, ExperimentRow row);
/// The row that a pointer leads to, or into.
[[nodiscard]] ExperimentRow rowOf(const nlohmann::ordered_json& root, const std::string& pointer);
/// What a row is, and a line about it.
[[nodiscard]] QString titleOf(const nlohmann::ordered_json& root, ExperimentRow row);
[[nodiscard]] QString detailOf(const nlohmann::ordered_json& root, ExperimentRow row);

/// A call of `millrace chaos inject RUN KIND …`.
[[nodiscard]] bool isInjection(const nlohmann::ordered_json& activity);
/// The kind it injects; nullptr: none, or one nobody knows.
[[nodiscard]] const chaos::fault_entry* injectedKind(const nlohmann::ordered_json& activity);
/// What a fault of this place may be done to: actors, partitions, channels, what is stored.
[[nodiscard]] std::vector<std::string> targetsOf(const topology& spec, chaos::fault_place place);

/// What may be added to a section.
enum class ExperimentPart : std::uint8_t { Fault, RunningProbe, Command, CommandProbe, ClearFaults, Value, Variable };
[[nodiscard]] std::vector<ExperimentPart> partsOf(ExperimentSection section);
[[nodiscard]] QString nameOf(ExperimentPart part);
/// A new one, with usual values. `run`: the topology's name.
[[nodiscard]] nlohmann::ordered_json makePart(ExperimentPart part, const topology& spec);
/// A fault of a kind with its usual parameters.
[[nodiscard]] nlohmann::ordered_json makeInjection(const chaos::fault_entry& kind, const std::string& run,
                                                   const std::string& target);
/// The same call for another kind: what fits it stays.
void changeKind(nlohmann::ordered_json& activity, const chaos::fault_entry& kind);
/// One that can be run: a fault for a topology, the probe that it runs, the rollback, and an oracle.
[[nodiscard]] nlohmann::ordered_json newExperiment(const ExperimentTarget& target);
/// The path of the topology an experiment names, for a file in another folder: relative where it lies below that one.
/// `from` is empty for an experiment without a file. Nothing: it is right as it is.
[[nodiscard]] std::optional<std::string> movedTopology(const nlohmann::ordered_json& root, const QString& from,
                                                       const QString& to);
/// Programs other than `millrace` that it calls: by its activities, or as what it is tried on.
[[nodiscard]] QStringList otherPrograms(const nlohmann::ordered_json& root);

}  // namespace millrace::workbench
