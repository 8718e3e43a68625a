#pragma once

#include <QComboBox>
#include <QDialog>
#include <QLineEdit>

namespace millrace::workbench {

/// Asks whose key it will be and what it allows: for an invitation, or for a key that is made here, into a file.
/// Thread: GUI.
class KeyDialog final : public QDialog {
  Q_OBJECT

public:
  KeyDialog(bool isInvitation, QWidget* parent = nullptr);
  [[nodiscard]] QString name() const { return m_name->text().trimmed(); }
  [[nodiscard]] QString role() const { return m_role->currentData().toString(); }
  /// Empty: all.
  [[nodiscard]] QStringList topologies() const;
  [[nodiscard]] QString path() const { return m_path->text(); }

private:
  void browse();

  QLineEdit* m_name;
  QComboBox* m_role;
  QLineEdit* m_topologies;
  QLineEdit* m_path;
};

}  // namespace millrace::workbench
