#include "core/topology_edits.hpp"

#include <algorithm>
#include <set>

#include "core/auto_wiring.hpp"
#include "core/layout_edits.hpp"
#include "core/starter_values.hpp"
#include "core/supervision_edits.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

topology partOf(const Document& document, const std::vector<std::string>& actors) {
  const std::set<std::string> wanted{actors.begin(), actors.end()};
  topology part;
  part.name = document.spec().name;
  part.settings = document.spec().settings;
  for (const auto& a : document.spec().actors) {
    if (wanted.contains(a.name)) part.actors.push_back(a);
  }
  for (const auto& s : document.spec().streams) {
    if (wanted.contains(s.from_actor) && wanted.contains(s.to_actor)) part.streams.push_back(s);
  }
  for (const auto& g : document.spec().groups) {
    if (std::ranges::all_of(g.actors, [&](const auto& a) { return wanted.contains(a); })) part.groups.push_back(g);
  }
  return part;
}

QPointF upperLeft(const TopologyLayout& layout) {
  if (layout.places.empty()) return {};
  QPointF corner = layout.places.begin()->second;
  for (const auto& [name, place] : layout.places) {
    corner = {std::min(corner.x(), place.x()), std::min(corner.y(), place.y())};
  }
  return corner;
}

QString counted(std::size_t count, const char* one, const char* many) {
  return QStringLiteral("%1 %2").arg(count).arg(QString::fromLatin1(count == 1 ? one : many));
}

}  // namespace

Edit removal(const Document& document, const std::vector<std::string>& actors, const std::vector<stream_spec>& streams,
             const std::vector<std::string>& comments) {
  auto edit = document.edit();
  for (const auto& c : comments) edit.setComment(c, std::nullopt);
  for (const auto& s : streams) edit.removeStream(s);
  for (const auto& a : actors) edit.removeActor(a);
  return edit.take(QStringLiteral("Delete %1")
                       .arg(!actors.empty()    ? counted(actors.size(), "actor", "actors")
                            : !streams.empty() ? counted(streams.size(), "wire", "wires")
                                               : counted(comments.size(), "comment", "comments")));
}

std::string fragmentText(const Document& document, const std::vector<std::string>& actors) {
  return to_text(partOf(document, actors));
}

TopologyLayout layoutOf(const Document& document, const std::vector<std::string>& actors) {
  TopologyLayout part;
  for (const auto& name : actors) {
    const auto at = document.layout().places.find(name);
    if (at != document.layout().places.end()) part.places.insert(*at);
    const auto pins = document.layout().pins.find(name);
    if (pins != document.layout().pins.end()) part.pins.insert(*pins);
  }
  const std::set<std::string> wanted{actors.begin(), actors.end()};
  for (const auto& [title, group] : document.layout().groups) {
    if (std::ranges::includes(wanted, group.actors)) part.groups[title] = group;
  }
  return part;
}

Edit insertion(const Document& document, const Drawing& fragment, QPointF place, const QString& title,
               std::vector<std::string>& added) {
  auto edit = document.edit();
  std::map<std::string, std::string> names;
  const auto corner = upperLeft(fragment.layout);
  double column = 0;
  for (auto actor : fragment.spec.actors) {
    const auto old = actor.name;
    const auto at = fragment.layout.places.find(old);
    QPointF where = place + QPointF{column, 0};
    if (at != fragment.layout.places.end()) {
      where = place + at->second - corner;
    } else {
      column += columnPitch;
    }
    actor.name = freeName(edit.drawing().spec, old);
    names[old] = actor.name;
    added.push_back(actor.name);
    const auto name = actor.name;
    edit.addActor(std::move(actor), where);
    const auto pins = fragment.layout.pins.find(old);
    if (pins != fragment.layout.pins.end()) edit.setPins(name, pins->second);
  }
  for (const auto& [groupTitle, group] : fragment.layout.groups) {
    NodeGroup copy{{}, group.isCollapsed};
    for (const auto& actor : group.actors) {
      if (const auto name = names.find(actor); name != names.end()) copy.actors.insert(name->second);
    }
    edit.setGroup(freeGroupTitle(edit.drawing().layout, groupTitle), std::move(copy));
  }
  auto supervision = edit.drawing().spec.groups;
  for (auto group : fragment.spec.groups) {
    group.name = supervisionName(edit.drawing().spec, group.name);
    for (auto& actor : group.actors) {
      if (const auto name = names.find(actor); name != names.end()) actor = name->second;
    }
    supervision.push_back(std::move(group));
    edit.setSupervision(supervision);
  }
  for (auto stream : fragment.spec.streams) {
    const auto from = names.find(stream.from_actor);
    const auto to = names.find(stream.to_actor);
    if (from == names.end() || to == names.end()) continue;
    stream.from_actor = from->second;
    stream.to_actor = to->second;
    edit.addStream(std::move(stream));
  }
  return edit.take(title);
}

result<Edit> renaming(const Document& document, const std::string& actor, const std::string& to) {
  if (!is_valid_name(to)) {
    return user_error(errc::invalid_argument,
                      "'" + to + "' is no name: use 1 to 64 of the characters a-z, A-Z, 0-9, _ and -");
  }
  if (to != actor && document.spec().find(to) != nullptr) {
    return user_error(errc::already_exists, "another actor is called '" + to + "'");
  }
  auto edit = document.edit();
  edit.renameActor(actor, to);
  return edit.take(QStringLiteral("Rename %1 to %2").arg(toQt(actor), toQt(to)));
}

Edit parameterChange(const Document& document, const std::string& actor, const std::string& param,
                     const std::optional<param_value>& value) {
  auto edit = document.edit();
  const auto index = edit.find(actor);
  if (!index) return {};
  auto changed = document.spec().actors[*index];
  if (value) {
    changed.params[param] = *value;
  } else {
    changed.params.erase(param);
  }
  edit.changeActor(*index, std::move(changed));
  return edit.take(QStringLiteral("Change %1.%2").arg(toQt(actor), toQt(param)));
}

Edit parallelismChange(const Document& document, const std::string& actor, std::uint32_t parallelism) {
  auto edit = document.edit();
  const auto index = edit.find(actor);
  if (!index) return {};
  auto changed = document.spec().actors[*index];
  changed.parallelism = parallelism;
  edit.changeActor(*index, std::move(changed));
  return edit.take(QStringLiteral("Partitions of %1").arg(toQt(actor)));
}

Edit alignment(const Document& document, const std::vector<std::string>& actors, Alignment how) {
  auto edit = document.edit();
  auto places = layoutOf(document, actors).places;
  const bool isAcross = how == Alignment::DistributeAcross || how == Alignment::Left;
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [name, place] : places) order.emplace_back(isAcross ? place.x() : place.y(), name);
  if (order.size() < 2) return {};
  std::ranges::sort(order);
  const double first = order.front().first;
  const double step = (order.back().first - first) / static_cast<double>(order.size() - 1);
  const bool isSpread = how == Alignment::DistributeAcross || how == Alignment::DistributeDown;
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto place = places[order[i].second];
    const double to = isSpread ? first + step * static_cast<double>(i) : first;
    (isAcross ? place.rx() : place.ry()) = to;
    edit.move(order[i].second, place);
  }
  return edit.take(QStringLiteral("Align %1").arg(counted(order.size(), "actor", "actors")));
}

}  // namespace millrace::workbench
