#pragma once

#include <QByteArray>
#include <QKeySequence>
#include <QList>
#include <QSettings>
#include <QString>
#include <optional>
#include <vector>

#include "core/target.hpp"

namespace millrace::workbench {

/// What the workbench keeps of its user's wishes from one start to the next: a file in the user's configuration folder.
/// What cannot be read is as if it were not there. Thread: GUI.
class Settings {
public:
  Settings();

  [[nodiscard]] bool isDark() const;
  void setDark(bool isDark);

  /// The `millrace` program to use; empty: the one that is found.
  [[nodiscard]] QString enginePath() const;
  void setEnginePath(const QString& path);

  /// The nodes this workbench knows, without what is secret.
  [[nodiscard]] std::vector<Target> targets();
  void setTargets(const std::vector<Target>& targets);
  /// The one that was chosen last; empty: the embedded engine.
  [[nodiscard]] QString targetName() const;
  void setTargetName(const QString& name);
  /// Where keys are that were made here, each a file of its user's alone.
  [[nodiscard]] static QString keyFolder();

  /// The keys the user gave a command; nothing: those it comes with. `command`: as `Commands` names it.
  [[nodiscard]] std::optional<QList<QKeySequence>> keysOf(const QString& command) const;
  void setKeys(const QString& command, const std::optional<QList<QKeySequence>>& keys);

  /// How the user left an arrangement of panels, as QMainWindow tells it; empty: never changed.
  [[nodiscard]] QByteArray arrangement(const QString& name) const;
  void setArrangement(const QString& name, const QByteArray& state);

  /// What could not be written; empty: all is.
  [[nodiscard]] QString problem();
  [[nodiscard]] static QString path();

private:
  QSettings m_file;
};

}  // namespace millrace::workbench
