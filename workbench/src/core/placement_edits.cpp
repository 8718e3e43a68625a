#include "core/placement_edits.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

QString titleFor(const std::vector<std::string>& actors, const QString& where) {
  return QStringLiteral("Place %1 %2")
      .arg(actors.size() == 1 ? toQt(actors.front()) : QStringLiteral("%1 actors").arg(actors.size()), where);
}

QString namesOf(const std::vector<std::string>& nodes) {
  QStringList names;
  for (const auto& node : nodes) names << toQt(node);
  return names.join(QStringLiteral(", "));
}

}  // namespace

Edit placing(const Document& document, const std::vector<std::string>& actors, const std::string& node) {
  auto edit = document.edit();
  for (const auto& actor : actors) {
    if (edit.find(actor)) edit.setPins(actor, std::vector{node});
  }
  return edit.take(titleFor(actors, QStringLiteral("on %1").arg(toQt(node))));
}

result<Edit> placingAlso(const Document& document, const std::vector<std::string>& actors, const std::string& node) {
  auto edit = document.edit();
  for (const auto& actor : actors) {
    if (!edit.find(actor)) continue;
    const auto at = document.layout().pins.find(actor);
    auto nodes = at == document.layout().pins.end() ? std::vector<std::string>{} : at->second;
    if (std::ranges::find(nodes, node) != nodes.end()) continue;
    if (nodes.size() >= placesMax) {
      return user_error(errc::limit_exceeded, "'" + actor + "' is on " + std::to_string(placesMax) +
                                                  " nodes already: label nodes, and write label=value for a node");
    }
    nodes.push_back(node);
    edit.setPins(actor, std::move(nodes));
  }
  return edit.take(titleFor(actors, QStringLiteral("on %1, too").arg(toQt(node))));
}

Edit spreading(const Document& document, const std::vector<std::string>& nodes) {
  auto edit = document.edit();
  edit.setNodes(nodes);
  return edit.take(nodes.empty() ? QStringLiteral("Place all where it is deployed")
                                 : QStringLiteral("Place all on %1").arg(namesOf(nodes)));
}

Edit placingOn(const Document& document, const std::string& actor, const std::vector<std::string>& nodes) {
  auto edit = document.edit();
  if (edit.find(actor)) edit.setPins(actor, nodes);
  return edit.take(
      titleFor({actor}, nodes.empty() ? QStringLiteral("as all others") : QStringLiteral("on %1").arg(namesOf(nodes))));
}

Edit unplacing(const Document& document, const std::vector<std::string>& actors) {
  auto edit = document.edit();
  for (const auto& actor : actors) edit.setPins(actor, std::nullopt);
  return edit.take(titleFor(actors, QStringLiteral("anywhere")));
}

}  // namespace millrace::workbench
