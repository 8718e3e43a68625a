#pragma once

#include <QByteArray>
#include <QObject>
#include <QProcess>
#include <QStringList>
#include <QTimer>
#include <chrono>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// The `millrace` program that belongs to this workbench: `MILLRACE_COMMAND`, else the one beside the workbench, else
/// the first on the path. Empty: there is none.
[[nodiscard]] QString millraceProgram();

/// Runs one child program to its end and hands back what it printed, without ever blocking the GUI.
///
/// A child that takes longer than its deadline, or prints more than 64 MiB, is killed. Destroying the call kills it,
/// too. Thread: GUI.
class ToolCall final : public QObject {
  Q_OBJECT

public:
  explicit ToolCall(QObject* parent = nullptr);
  ~ToolCall() override;

  /// Starts `program`; a call still running is given up without a word. `input` goes to its standard input.
  void start(const QString& program, const QStringList& arguments, std::chrono::milliseconds deadline,
             const QByteArray& input = {});
  void cancel();
  [[nodiscard]] bool isRunning() const { return m_process.state() != QProcess::NotRunning; }

Q_SIGNALS:
  /// It ended by itself, with any exit code.
  void finished(const QByteArray& output, int exitCode);
  /// It could not be started, crashed, or was killed by the limits: a sentence for the user.
  void failed(const QString& why);

private:
  void collect();
  void end(int exitCode, QProcess::ExitStatus status);
  void fail(const QString& why);

  QProcess m_process;
  QTimer m_deadline;
  QByteArray m_output;
  bool m_isReported = true;
};

}  // namespace millrace::workbench
