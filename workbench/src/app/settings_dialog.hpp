#pragma once

#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QTreeWidget>

#include "app/commands.hpp"

namespace millrace::workbench {

/// Theme, paths and keys. Nothing changes before OK; keys that clash are named, and keep it open. Thread: GUI.
class SettingsDialog final : public QDialog {
  Q_OBJECT

public:
  SettingsDialog(Settings& settings, Commands& commands, QWidget* parent = nullptr);

  void accept() override;

Q_SIGNALS:
  void themeChosen(bool isDark);

private:
  QWidget* makeGeneral();
  QWidget* makeKeys();
  void filterKeys(const QString& text);
  void showKeysOf(const QTreeWidgetItem* item);
  void changeKeys(const QList<QKeySequence>& keys);
  void check();

  Settings& m_settings;
  Commands& m_commands;
  Commands::KeyMap m_keys;
  QComboBox* m_theme = nullptr;
  QLineEdit* m_engine = nullptr;
  QTreeWidget* m_list = nullptr;
  QWidget* m_editor = nullptr;
  QLabel* m_message;
};

}  // namespace millrace::workbench
