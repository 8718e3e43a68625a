#pragma once

#include <QDialog>

namespace millrace::workbench {

/// Shows an invitation once, to be copied and handed on by a way that others do not read. Thread: GUI.
class WordDialog final : public QDialog {
  Q_OBJECT

public:
  WordDialog(const QString& title, const QString& word, const QString& fingerprint, bool isForPerson,
             QWidget* parent = nullptr);
};

}  // namespace millrace::workbench
