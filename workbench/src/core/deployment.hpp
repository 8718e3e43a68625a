#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/difference.hpp"
#include "core/document.hpp"
#include "core/problem_list.hpp"

namespace millrace::workbench {

/// What an engine is given to deploy a document: its text, where its relative paths start, and where its actors run.
[[nodiscard]] nlohmann::json deploymentArguments(const Document& document);
/// Which nodes run which actors, as an engine takes it.
[[nodiscard]] nlohmann::json placementOf(const TopologyLayout& layout);
/// Two deployments with the same one are the same.
[[nodiscard]] QByteArray deploymentHash(const std::string& text, const nlohmann::json& placement);

/// What deploying would change, as an engine answers to `plan`.
struct DeployPlan {
  struct Change {
    ChangeKind kind;
    QString text;
  };
  QString topology;
  bool isValid = false;
  bool isDeployed = false;  ///< something of that name is there
  std::vector<Change> changes;
  QStringList problems;    ///< that keep it from being deployed, and warnings
  QStringList guarantees;  ///< a line a sink

  /// One sentence for all of it.
  [[nodiscard]] QString headline() const;
};

/// What cannot be read is left out. Pure.
[[nodiscard]] DeployPlan readPlan(const nlohmann::json& answer);

}  // namespace millrace::workbench
