#pragma once

#include <QByteArray>
#include <QObject>
#include <QProcess>
#include <QStringList>
#include <QTimer>
#include <chrono>

namespace millrace::workbench {

/// Runs a child program that takes its time, such as a compiler, and tells its output line by line: both streams in
/// one, lines of at most 16 KiB. It and all it has started are killed at its deadline and when the call goes. Thread:
/// GUI.
class LineCall final : public QObject {
  Q_OBJECT

public:
  explicit LineCall(QObject* parent = nullptr);
  ~LineCall() override;

  /// Starts `program`; a call still running is given up without a word.
  void start(const QString& program, const QStringList& arguments, std::chrono::milliseconds deadline);
  /// Ends it without a word.
  void cancel();
  [[nodiscard]] bool isRunning() const { return m_process.state() != QProcess::NotRunning; }

Q_SIGNALS:
  void line(const QString& text);
  /// It ended by itself, with any exit code.
  void finished(int exitCode);
  /// It could not be started, crashed, or was killed at its deadline: a sentence for the user.
  void failed(const QString& why);

private:
  void read();
  void tellLine(const QByteArray& text);
  void end(int exitCode, QProcess::ExitStatus status);
  void fail(const QString& why);

  QProcess m_process;
  QTimer m_deadline;
  QByteArray m_rest;
  bool m_isReported = true;
};

}  // namespace millrace::workbench
