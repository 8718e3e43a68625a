#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <vector>

#include "core/actor_catalogue.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// Names of the files of a trial, in a folder of its own.
inline constexpr const char* trialTopologyFile = "trial.mill";
inline constexpr const char* trialEventsFile = "events.jsonl";

/// A topology that gives sample events to a copy of one actor and writes each of its outputs down: `events.jsonl`, one
/// JSON object a line, through the actor into a folder for each port. An event the actor fails at is given up, and
/// comes out at its port `dead` with the reason. `fields`: names and types, as `account:string,amount:float64`. Pure.
[[nodiscard]] topology trialOf(const ActorType& type, const actor_spec& actor, const std::string& fields);

/// What came out of one port, a line an event, in JSON.
struct TrialOutput {
  QString port;
  QStringList lines;
};
/// Of a trial that ran in this folder; at most 200 lines a port.
[[nodiscard]] std::vector<TrialOutput> readTrial(const topology& trial, const QString& folder);

/// Sample values for fields, as one event to begin with: `{"account": "a", "amount": 1}`.
[[nodiscard]] QString sampleEvent(const std::string& fields);

}  // namespace millrace::workbench
