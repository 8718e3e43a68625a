#pragma once

#include <QPlainTextEdit>

namespace millrace::workbench {

/// What the engine logs and what became of commands, newest last; at most 2,000 lines are kept. Thread: GUI.
class LogPanel final : public QPlainTextEdit {
  Q_OBJECT

public:
  explicit LogPanel(QWidget* parent = nullptr);
  /// With the time of day.
  void add(const QString& line);
};

}  // namespace millrace::workbench
