#include "engine/tool_call.hpp"

#include <QCoreApplication>
#include <QFileInfo>
#include <QStandardPaths>

namespace millrace::workbench {
namespace {

constexpr qsizetype outputBytesMax = qsizetype{64} * 1024 * 1024;
/// Killed processes are gone at once; this only bounds the wait for the system.
constexpr int reapMsMax = 1000;

}  // namespace

QString millraceProgram() {
  const auto wanted = qEnvironmentVariable("MILLRACE_COMMAND");
  if (!wanted.isEmpty()) return wanted;
  const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/millrace");
  if (QFileInfo{beside}.isExecutable()) return beside;
  return QStandardPaths::findExecutable(QStringLiteral("millrace"));
}

ToolCall::ToolCall(QObject* parent) : QObject{parent} {
  m_deadline.setSingleShot(true);
  m_process.setStandardErrorFile(QProcess::nullDevice());
  connect(&m_process, &QProcess::readyReadStandardOutput, this, &ToolCall::collect);
  connect(&m_process, &QProcess::finished, this, &ToolCall::end);
  connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart) {
      fail(QStringLiteral("%1 cannot be started: %2").arg(m_process.program(), m_process.errorString()));
    }
  });
  connect(&m_deadline, &QTimer::timeout, this, [this] {
    fail(QStringLiteral("%1 did not answer within %2 s").arg(m_process.program()).arg(m_deadline.interval() / 1000));
  });
}

ToolCall::~ToolCall() {
  m_process.disconnect(this);
  cancel();
}

void ToolCall::start(const QString& program, const QStringList& arguments, std::chrono::milliseconds deadline,
                     const QByteArray& input) {
  cancel();
  m_output.clear();
  m_isReported = false;
  m_deadline.start(deadline);
  if (program.isEmpty()) {
    fail(QStringLiteral("the 'millrace' program was not found: install it, or name it in MILLRACE_COMMAND"));
    return;
  }
  m_process.start(program, arguments);
  if (!input.isEmpty()) m_process.write(input);
  m_process.closeWriteChannel();
}

void ToolCall::cancel() {
  m_isReported = true;
  m_deadline.stop();
  if (!isRunning()) return;
  m_process.kill();
  m_process.waitForFinished(reapMsMax);
}

void ToolCall::collect() {
  m_output += m_process.readAllStandardOutput();
  if (m_output.size() > outputBytesMax) fail(QStringLiteral("%1 prints without end").arg(m_process.program()));
}

void ToolCall::end(int exitCode, QProcess::ExitStatus status) {
  if (m_isReported) return;
  if (status == QProcess::CrashExit) {
    fail(QStringLiteral("%1 crashed").arg(m_process.program()));
    return;
  }
  m_output += m_process.readAllStandardOutput();
  m_isReported = true;
  m_deadline.stop();
  Q_EMIT finished(m_output, exitCode);
}

void ToolCall::fail(const QString& why) {
  if (m_isReported) return;
  cancel();
  Q_EMIT failed(why);
}

}  // namespace millrace::workbench
