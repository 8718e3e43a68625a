#include "core/difference.hpp"

#include <QStringList>
#include <algorithm>
#include <set>

#include "core/param_text.hpp"
#include "core/policy_fields.hpp"
#include "core/text.hpp"
#include "millrace/duration.hpp"

namespace millrace::workbench {
namespace {

/// Long texts, as scripts are, are said to be other without being shown.
constexpr qsizetype shownCharsMax = 32;

QString shown(const QString& value) {
  if (value.isEmpty()) return QStringLiteral("none");
  const auto line = value.section(QLatin1Char('\n'), 0, 0);
  return line.size() > shownCharsMax || line != value ? line.left(shownCharsMax) + QStringLiteral("…") : line;
}

QString shown(const actor_spec& actor, const std::string& name, const ActorCatalogue& catalogue) {
  const auto at = actor.params.find(name);
  if (at == actor.params.end()) return QStringLiteral("default");
  const auto* type = catalogue.find(actor.type);
  const auto* param = type == nullptr ? nullptr : type->param(name);
  return param != nullptr && param->isSecret ? QString::fromLatin1(masked_value) : shown(valueText(at->second));
}

class Words {
public:
  void add(const QString& what, const QString& from, const QString& to) {
    m_parts << QStringLiteral("%1 %2 → %3").arg(what, from, to);
  }
  template <class T, class ToText>
  void compare(const char* what, const T& from, const T& to, ToText toText) {
    if (from != to) add(QString::fromLatin1(what), toText(from), toText(to));
  }
  [[nodiscard]] QString text(const QString& rest) const {
    return m_parts.isEmpty() ? rest : m_parts.join(QStringLiteral(", "));
  }

private:
  QStringList m_parts;
};

void addPolicyWords(Words& words, const failure_policy& from, const failure_policy& to) {
  for (const auto& field : policyFields()) {
    const auto before = field.text(from), after = field.text(to);
    if (before != after) words.add(field.label.toLower(), before, after);
  }
}

QString actorWords(const actor_spec& from, const actor_spec& to, const ActorCatalogue& catalogue) {
  Words words;
  words.compare("type", from.type, to.type, toQt);
  words.compare("partitions", from.parallelism, to.parallelism, [](auto n) { return QString::number(n); });
  std::set<std::string> names;
  for (const auto* params : {&from.params, &to.params}) {
    for (const auto& [name, value] : *params) names.insert(name);
  }
  for (const auto& name : names) {
    const auto isSame = from.params.contains(name) == to.params.contains(name) &&
                        (!to.params.contains(name) || from.params.at(name) == to.params.at(name));
    if (!isSame) words.add(toQt(name), shown(from, name, catalogue), shown(to, name, catalogue));
  }
  addPolicyWords(words, from.on_failure, to.on_failure);
  return words.text(QStringLiteral("where its state is"));
}

QString groupWords(const group_spec& from, const group_spec& to) {
  const auto actors = [](const std::vector<std::string>& names) {
    QStringList words;
    for (const auto& n : names) words << toQt(n);
    return words.join(QStringLiteral(" and "));
  };
  Words words;
  words.compare("actors", from.actors, to.actors, actors);
  addPolicyWords(words, from.restarts, to.restarts);
  return words.text({});
}

QString groupName(const group_spec& group) {
  return QStringLiteral("supervision group %1").arg(toQt(group.name));
}

void addGroups(std::vector<Difference>& all, const topology& from, const topology& to) {
  const auto find = [](const topology& t, const std::string& name) {
    const auto at = std::ranges::find(t.groups, name, &group_spec::name);
    return at == t.groups.end() ? nullptr : &*at;
  };
  for (const auto& group : to.groups) {
    const auto* before = find(from, group.name);
    if (before == nullptr) {
      all.push_back({ChangeKind::Added, {}, {}, groupName(group)});
    } else if (*before != group) {
      all.push_back(
          {ChangeKind::Changed, {}, {}, groupName(group) + QStringLiteral(": ") + groupWords(*before, group)});
    }
  }
  for (const auto& group : from.groups) {
    if (find(to, group.name) == nullptr) all.push_back({ChangeKind::Removed, {}, {}, groupName(group)});
  }
}

QString settingsWords(const topology_settings& from, const topology_settings& to) {
  Words words;
  words.compare("guarantee", from.promise, to.promise, [](auto g) { return QString::fromLatin1(to_string(g)); });
  words.compare("snapshots every", from.snapshot_interval, to.snapshot_interval,
                [](auto interval) { return toQt(to_text(interval)); });
  return words.text(QStringLiteral("the topology's settings"));
}

QString wireWords(const stream_spec& s) {
  return toQt(s.from_actor + "." + s.from_port + " → " + s.to_actor + "." + s.to_port);
}

}  // namespace

std::vector<Difference> differences(const topology& from, const topology& to, const ActorCatalogue& catalogue) {
  std::vector<Difference> all;
  for (const auto& actor : to.actors) {
    const auto* before = from.find(actor.name);
    if (before == nullptr) {
      all.push_back({ChangeKind::Added, actor.name, {}, toQt(actor.name)});
    } else if (*before != actor) {
      all.push_back({ChangeKind::Changed,
                     actor.name,
                     {},
                     toQt(actor.name) + QStringLiteral(": ") + actorWords(*before, actor, catalogue)});
    }
  }
  for (const auto& actor : from.actors) {
    if (to.find(actor.name) == nullptr) all.push_back({ChangeKind::Removed, actor.name, {}, toQt(actor.name)});
  }
  const auto addMissing = [&all](const topology& here, const topology& there, ChangeKind kind) {
    for (const auto& s : here.streams) {
      if (std::ranges::find(there.streams, s) == there.streams.end()) all.push_back({kind, {}, s, wireWords(s)});
    }
  };
  addMissing(to, from, ChangeKind::Added);
  addMissing(from, to, ChangeKind::Removed);
  addGroups(all, from, to);
  if (from.settings != to.settings) {
    all.push_back({ChangeKind::Changed, {}, {}, settingsWords(from.settings, to.settings)});
  }
  return all;
}

}  // namespace millrace::workbench
