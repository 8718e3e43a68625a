#include "core/deployment.hpp"

#include <nlohmann/json.hpp>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

/// `all on a, b; sum on b; count on b, c`
QString pinsText(const json& placement) {
  QStringList words;
  const auto add = [&words](const QString& what, const json& nodes) {
    QStringList names;
    for (const auto& node : nodes) names << anyTextOf(node);
    if (!names.isEmpty()) words << QStringLiteral("%1 on %2").arg(what, names.join(QStringLiteral(", ")));
  };
  const auto& pins = memberOf(placement, "pins");
  add(pins.empty() ? QStringLiteral("all") : QStringLiteral("all others"), listOf(placement, "nodes"));
  if (!pins.is_object()) return words.join(QStringLiteral("; "));
  for (const auto& [actor, nodes] : pins.items()) add(toQt(actor), nodes);
  return words.join(QStringLiteral("; "));
}

DeployPlan::Change changeOf(const json& j) {
  const auto what = textOf(j, "what");
  DeployPlan::Change change{ChangeKind::Changed, textOf(j, "where")};
  if (what == QLatin1String("added")) change.kind = ChangeKind::Added;
  if (what == QLatin1String("removed")) change.kind = ChangeKind::Removed;
  const bool isPlacement = change.text == QLatin1String("placement");
  const auto side = [&](const char* name) {
    return isPlacement ? pinsText(memberOf(j, name)) : anyTextOf(memberOf(j, name));
  };
  const auto from = side("from");
  auto to = side("to");
  if (isPlacement && to.isEmpty()) to = QStringLiteral("all where it is deployed");
  if (!from.isEmpty()) change.text += QStringLiteral(": %1").arg(from);
  if (!to.isEmpty()) change.text += (from.isEmpty() ? QStringLiteral(": %1") : QStringLiteral(" → %1")).arg(to);
  return change;
}

}  // namespace

json placementOf(const TopologyLayout& layout) {
  json pins = json::object();
  for (const auto& [actor, nodes] : layout.pins) pins[actor] = nodes;
  return {{"nodes", layout.nodes}, {"pins", std::move(pins)}};
}

json deploymentArguments(const Document& document) {
  return {{"text", document.text().toStdString()},
          {"base_folder", toStd(document.baseFolder())},
          {"placement", placementOf(document.layout())},
          {"replace", true}};
}

QByteArray deploymentHash(const std::string& text, const json& placement) {
  return Document::hashOf(QByteArray::fromStdString(text + placement.dump()));
}

QString DeployPlan::headline() const {
  if (!isValid) return QStringLiteral("%1 cannot be deployed as it is").arg(topology);
  if (!isDeployed) return QStringLiteral("%1 is new there").arg(topology);
  if (changes.empty()) return QStringLiteral("%1 is there already, and nothing changes").arg(topology);
  return QStringLiteral("%1 is there, and %2 changes: it is ended with a last snapshot, and goes on with this")
      .arg(topology)
      .arg(changes.size());
}

DeployPlan readPlan(const json& answer) {
  DeployPlan plan;
  if (!answer.is_object()) return plan;
  plan.topology = textOf(answer, "topology");
  plan.isValid = flagOf(answer, "valid");
  plan.isDeployed = flagOf(answer, "deployed");
  for (const auto& change : listOf(answer, "changes")) {
    if (change.is_object()) plan.changes.push_back(changeOf(change));
  }
  for (const auto& problem : listOf(answer, "problems")) {
    if (!problem.is_object()) continue;
    const auto remedy = textOf(problem, "remedy");
    plan.problems << QStringLiteral("%1: %2%3")
                         .arg(textOf(problem, "where"), textOf(problem, "what"),
                              remedy.isEmpty() ? QString{} : QStringLiteral("; ") + remedy);
  }
  for (const auto& sink : listOf(answer, "guarantees")) {
    if (!sink.is_object()) continue;
    plan.guarantees
        << QStringLiteral("%1: %2 (%3)").arg(textOf(sink, "sink"), textOf(sink, "holds"), textOf(sink, "why"));
  }
  return plan;
}

}  // namespace millrace::workbench
