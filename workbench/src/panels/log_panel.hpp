#pragma once

#include <QPlainTextEdit>
#include <QStringList>
#include <QTimer>

namespace millrace::workbench {

/// What the engine logs and what became of commands, newest last; at most 2,000 lines are kept. Of a console sink that
/// prints more than anybody reads some 200 lines a second are shown, and how many were not. Thread: GUI.
class LogPanel final : public QPlainTextEdit {
  Q_OBJECT

public:
  explicit LogPanel(QWidget* parent = nullptr);
  /// With the time of day.
  void add(const QString& line);

  static constexpr int linesAtOnce = 50;

private:
  void showFresh();

  QTimer m_turn;
  QStringList m_fresh;  // for the next turn
  int m_left = 0;       // lines that were too many for it
};

}  // namespace millrace::workbench
