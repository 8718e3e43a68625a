#include "engine/auto_layout.hpp"

#include <QStandardPaths>
#include <nlohmann/json.hpp>

#include "core/auto_wiring.hpp"
#include "core/component_packing.hpp"
#include "core/json_reading.hpp"
#include "core/layered_layout.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds layoutMax{10'000};
constexpr double pointsPerInch = 72;
/// Room for a group's frame and title.
constexpr int clusterMargin = 36;

QString indexName(std::size_t i) {
  return QStringLiteral("n%1").arg(i);
}

}  // namespace

AutoLayout::AutoLayout(QObject* parent, QString program) : QObject{parent}, m_program{std::move(program)} {
  if (m_program.isEmpty()) m_program = QStandardPaths::findExecutable(QStringLiteral("dot"));
  connect(&m_call, &ToolCall::failed, this, &AutoLayout::fallBack);
  connect(&m_call, &ToolCall::finished, this, [this](const QByteArray& output) {
    const auto places = answer(m_spec, output);
    if (places.empty()) {
      fallBack();
    } else {
      Q_EMIT finished(places);
    }
  });
}

void AutoLayout::start(const Drawing& drawing) {
  m_spec = drawing.spec;
  if (m_program.isEmpty()) {
    fallBack();
    return;
  }
  m_call.start(m_program, {QStringLiteral("-Tjson")}, layoutMax, question(m_spec, drawing.layout.groups));
}

void AutoLayout::fallBack() {
  Q_EMIT finished(layeredLayout(m_spec));
}

QByteArray AutoLayout::question(const topology& spec, const std::map<std::string, NodeGroup>& groups) {
  std::map<std::string, std::size_t> index;
  QString text =
      QStringLiteral(
          "digraph t { rankdir=LR; nodesep=0.45; ranksep=1; node [shape=box fixedsize=true width=%1 height=%2];\n")
          .arg(nodeSize.width() / pointsPerInch)
          .arg(nodeSize.height() / pointsPerInch);
  for (std::size_t i = 0; i < spec.actors.size(); ++i) {
    index[spec.actors[i].name] = i;
    text += indexName(i) + QStringLiteral(";\n");
  }
  int cluster = 0;
  for (const auto& [title, group] : groups) {
    text += QStringLiteral("subgraph cluster_%1 { margin=%2;").arg(cluster++).arg(clusterMargin);
    for (const auto& actor : group.actors) {
      if (const auto at = index.find(actor); at != index.end()) text += indexName(at->second) + QLatin1Char(';');
    }
    text += QStringLiteral("}\n");
  }
  for (const auto& s : spec.streams) {
    const auto from = index.find(s.from_actor);
    const auto to = index.find(s.to_actor);
    if (from == index.end() || to == index.end()) continue;
    text += indexName(from->second) + QStringLiteral(" -> ") + indexName(to->second) + QStringLiteral(";\n");
  }
  return text.toUtf8() + "}\n";
}

std::map<std::string, QPointF> AutoLayout::answer(const topology& spec, const QByteArray& bytes) {
  std::map<std::string, QPointF> places;
  const auto root = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!root.is_object()) return places;
  for (const auto& object : listOf(root, "objects")) {
    const auto name = textOf(object, "name");
    const auto at = textOf(object, "pos").split(QLatin1Char(','));
    bool isIndex = false;
    const auto index = name.mid(1).toULongLong(&isIndex);
    if (!isIndex || index >= spec.actors.size() || at.size() != 2) continue;
    // Its y goes upwards, and places are those of middles.
    places[spec.actors[index].name] = {at[0].toDouble() - nodeSize.width() / 2,
                                       -at[1].toDouble() - nodeSize.height() / 2};
  }
  if (places.size() != spec.actors.size()) return {};
  return packComponents(spec, std::move(places), nodeSize);
}

}  // namespace millrace::workbench
