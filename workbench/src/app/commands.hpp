#pragma once

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QString>
#include <map>
#include <vector>

#include "app/settings.hpp"

namespace millrace::workbench {

/// Everything a user can ask the window to do, each with a name (`Edit/Duplicate`), the keys it comes with, and the
/// keys the user gave it. Menus, the command palette and the dialog of keys all show these. Thread: GUI.
class Commands final : public QObject {
  Q_OBJECT

public:
  struct Entry {
    QString name;
    QAction* action;
    QList<QKeySequence> usual;  ///< the keys it comes with
  };
  /// Two commands with one key: neither would work.
  struct Clash {
    QKeySequence key;
    QString first, second;
  };

  explicit Commands(Settings& settings, QObject* parent = nullptr) : QObject{parent}, m_settings{settings} {}

  /// Takes an action in, with its present keys as the usual ones; those the user chose take their place.
  void add(const QString& menu, QAction* action);
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return m_entries; }
  [[nodiscard]] QAction* find(const QString& name) const;

  using KeyMap = std::map<QString, QList<QKeySequence>>;  // by name
  [[nodiscard]] KeyMap keys() const;
  /// Gives commands these keys from now on, and keeps what is not usual. Those not in `keys` get their usual ones.
  void setKeys(const KeyMap& keys);
  [[nodiscard]] static std::vector<Clash> clashes(const KeyMap& keys);

private:
  Settings& m_settings;
  std::vector<Entry> m_entries;  // in the order of the menus
};

}  // namespace millrace::workbench
