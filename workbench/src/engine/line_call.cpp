#include "engine/line_call.hpp"

#include <signal.h>
#include <unistd.h>

namespace millrace::workbench {
namespace {

constexpr qsizetype lineBytesMax = 16 * 1024;
/// Killed processes are gone at once; this only bounds the wait for the system.
constexpr int reapMsMax = 1000;

}  // namespace

LineCall::LineCall(QObject* parent) : QObject{parent} {
  m_deadline.setSingleShot(true);
  m_process.setProcessChannelMode(QProcess::MergedChannels);
  // A group of its own: what a build has started ends with it.
  m_process.setChildProcessModifier([] { ::setpgid(0, 0); });
  connect(&m_process, &QProcess::readyReadStandardOutput, this, &LineCall::read);
  connect(&m_process, &QProcess::finished, this, &LineCall::end);
  connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart) {
      fail(tr("%1 cannot be started (%2): is it installed?").arg(m_process.program(), m_process.errorString()));
    }
  });
  connect(&m_deadline, &QTimer::timeout, this, [this] {
    fail(tr("%1 was not done within %2 min").arg(m_process.program()).arg(m_deadline.interval() / 60'000));
  });
}

LineCall::~LineCall() {
  m_process.disconnect(this);
  cancel();
}

void LineCall::start(const QString& program, const QStringList& arguments, std::chrono::milliseconds deadline) {
  cancel();
  m_rest.clear();
  m_isReported = false;
  m_deadline.start(deadline);
  m_process.start(program, arguments);
  m_process.closeWriteChannel();
}

void LineCall::cancel() {
  m_isReported = true;
  m_deadline.stop();
  if (!isRunning()) return;
  if (const auto pid = static_cast<pid_t>(m_process.processId()); pid > 0) ::kill(-pid, SIGKILL);
  m_process.kill();
  m_process.waitForFinished(reapMsMax);
}

void LineCall::tellLine(const QByteArray& text) {
  if (!m_isReported) Q_EMIT line(QString::fromUtf8(text.left(lineBytesMax)));
}

void LineCall::read() {
  m_rest += m_process.readAllStandardOutput();
  qsizetype from = 0;
  for (auto end = m_rest.indexOf('\n'); end >= 0; end = m_rest.indexOf('\n', from)) {
    tellLine(m_rest.mid(from, end - from));
    from = end + 1;
  }
  m_rest.remove(0, from);
  if (m_rest.size() <= lineBytesMax) return;
  tellLine(m_rest);
  m_rest.clear();
}

void LineCall::end(int exitCode, QProcess::ExitStatus status) {
  if (m_isReported) return;
  read();
  if (!m_rest.isEmpty()) tellLine(m_rest);
  if (status == QProcess::CrashExit) {
    fail(tr("%1 crashed").arg(m_process.program()));
    return;
  }
  m_isReported = true;
  m_deadline.stop();
  Q_EMIT finished(exitCode);
}

void LineCall::fail(const QString& why) {
  if (m_isReported) return;
  cancel();
  Q_EMIT failed(why);
}

}  // namespace millrace::workbench
