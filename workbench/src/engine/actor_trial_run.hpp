#pragma once

#include <QObject>
#include <QTemporaryDir>
#include <memory>

#include "core/actor_trial.hpp"
#include "engine/tool_call.hpp"

namespace millrace::workbench {

/// Runs an actor on sample events, in a child process and a folder that goes afterwards: nothing that runs is touched.
/// At most 20 s. Thread: GUI.
class ActorTrialRun final : public QObject {
  Q_OBJECT

public:
  explicit ActorTrialRun(QObject* parent = nullptr);
  /// A trial that still runs is given up. `events`: one JSON object a line.
  void start(const ActorType& type, const actor_spec& actor, const QString& fields, const QByteArray& events);
  [[nodiscard]] bool isRunning() const { return m_call.isRunning(); }

Q_SIGNALS:
  void finished(const std::vector<millrace::workbench::TrialOutput>& outputs);
  /// Why nothing came of it.
  void failed(const QString& why);

private:
  void begin();

  std::unique_ptr<QTemporaryDir> m_folder;
  ToolCall m_check, m_call;
  topology m_trial;
};

}  // namespace millrace::workbench
