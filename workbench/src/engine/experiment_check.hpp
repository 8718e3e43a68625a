#pragma once

#include <QObject>
#include <QTemporaryDir>
#include <QTimer>

#include "core/experiment_model.hpp"
#include "engine/tool_call.hpp"

namespace millrace::workbench {

/// Keeps the list of an experiment's mistakes: shortly after each change the engine's own validation looks at it, in a
/// child process (`millrace chaos validate --json`). One child at a time; what changes meanwhile is looked at next.
/// Thread: GUI.
class ExperimentCheck final : public QObject {
  Q_OBJECT

public:
  explicit ExperimentCheck(QObject* parent = nullptr);

  /// nullptr: none.
  void setDocument(ExperimentDocument* document);
  /// Whether the last problems told are those of the experiment as it is now.
  [[nodiscard]] bool isCurrent() const noexcept { return m_checked == m_revision && !m_call.isRunning(); }

Q_SIGNALS:
  void checked(const std::vector<millrace::workbench::ExperimentProblem>& problems);

private:
  void begin();
  void take(const std::vector<ExperimentProblem>& problems);

  ExperimentDocument* m_document = nullptr;
  QTemporaryDir m_folder;
  ToolCall m_call;
  QTimer m_delay;
  quint64 m_revision = 1, m_begun = 0, m_checked = 0;
};

/// Reads what `millrace chaos validate --json` prints of one file. One problem saying so when it cannot be read.
[[nodiscard]] std::vector<ExperimentProblem> readExperimentProblems(const QByteArray& json);

}  // namespace millrace::workbench
