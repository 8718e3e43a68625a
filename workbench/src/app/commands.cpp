#include "app/commands.hpp"

#include <algorithm>

namespace millrace::workbench {

void Commands::add(const QString& menu, QAction* action) {
  auto name = menu + QLatin1Char('/') + action->text();
  name.remove(QLatin1Char('&')).remove(QStringLiteral(" …"));
  m_entries.push_back({name, action, action->shortcuts()});
  if (const auto own = m_settings.keysOf(name)) action->setShortcuts(*own);
}

QAction* Commands::find(const QString& name) const {
  const auto at = std::ranges::find(m_entries, name, &Entry::name);
  return at == m_entries.end() ? nullptr : at->action;
}

Commands::KeyMap Commands::keys() const {
  KeyMap keys;
  for (const auto& entry : m_entries) keys[entry.name] = entry.action->shortcuts();
  return keys;
}

void Commands::setKeys(const KeyMap& keys) {
  for (const auto& entry : m_entries) {
    const auto at = keys.find(entry.name);
    const auto wanted = at == keys.end() ? entry.usual : at->second;
    entry.action->setShortcuts(wanted);
    m_settings.setKeys(entry.name, wanted == entry.usual ? std::nullopt : std::optional{wanted});
  }
}

std::vector<Commands::Clash> Commands::clashes(const KeyMap& keys) {
  std::map<QKeySequence, QString> owners;
  std::vector<Clash> found;
  for (const auto& [name, own] : keys) {
    for (const auto& key : own) {
      if (key.isEmpty()) continue;
      const auto [at, isNew] = owners.emplace(key, name);
      if (!isNew && at->second != name) found.push_back({key, at->second, name});
    }
  }
  return found;
}

}  // namespace millrace::workbench
