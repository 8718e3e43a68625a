#include "engine/experiment_run.hpp"

#include "engine/tool_call.hpp"

namespace millrace::workbench {
namespace {

/// The report is the longest: samples of minutes.
constexpr qsizetype lineBytesMax = qsizetype{64} * 1024 * 1024;
constexpr qsizetype errorBytesMax = 16 * 1024;
constexpr std::chrono::milliseconds tickInterval{200};
constexpr std::chrono::milliseconds runMax{60 * 60 * 1000};
constexpr std::chrono::milliseconds cancelMax{30'000};
/// Killed processes are gone at once; this only bounds the wait for the system.
constexpr int reapMsMax = 1000;
/// When the workbench is closed: its topology is to end with it.
constexpr int partingMsMax = 5000;

}  // namespace

ExperimentRun::ExperimentRun(QObject* parent) : QObject{parent}, m_folder{std::make_unique<QTemporaryDir>()} {
  m_deadline.setSingleShot(true);
  m_tick.setInterval(tickInterval);
  connect(&m_tick, &QTimer::timeout, this, &ExperimentRun::advanced);
  connect(&m_deadline, &QTimer::timeout, this, [this] {
    if (m_isCancelled) {
      m_process.kill();
    } else {
      cancel();
    }
  });
  connect(&m_process, &QProcess::readyReadStandardOutput, this, &ExperimentRun::read);
  connect(&m_process, &QProcess::readyReadStandardError, this,
          [this] { m_errors = (m_errors + m_process.readAllStandardError()).right(errorBytesMax); });
  connect(&m_process, &QProcess::finished, this, &ExperimentRun::end);
  connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;
    m_tick.stop();
    m_deadline.stop();
    Q_EMIT failed(tr("%1 cannot be started: %2").arg(m_process.program(), m_process.errorString()));
  });
}

ExperimentRun::~ExperimentRun() {
  m_process.disconnect(this);
  if (!isRunning()) return;
  if (!m_isCancelled) m_process.terminate();
  if (m_process.waitForFinished(partingMsMax)) return;
  m_process.kill();
  m_process.waitForFinished(reapMsMax);
}

double ExperimentRun::elapsedS() const {
  return m_tick.isActive() ? static_cast<double>(m_clock.elapsed()) / 1000 : m_lastS;
}

void ExperimentRun::start(const QString& file, bool allowsPrograms) {
  if (isRunning()) return;
  m_file = file;
  m_progress = {};
  m_rest.clear();
  m_errors.clear();
  m_isCancelled = false;
  m_folder = std::make_unique<QTemporaryDir>();
  if (millraceProgram().isEmpty()) {
    Q_EMIT failed(tr("the 'millrace' program was not found: install it, or name it in MILLRACE_COMMAND"));
    return;
  }
  QStringList arguments{QStringLiteral("chaos"), QStringLiteral("run"), file, QStringLiteral("--progress")};
  arguments << QStringLiteral("--html") << htmlFile() << QStringLiteral("--journal") << journalFile();
  if (allowsPrograms) arguments << QStringLiteral("--allow-processes");
  m_clock.start();
  m_tick.start();
  m_deadline.start(runMax);
  m_process.start(millraceProgram(), arguments);
  m_process.closeWriteChannel();
}

void ExperimentRun::cancel() {
  // A second signal would end it without rollbacks.
  if (!isRunning() || m_isCancelled) return;
  m_isCancelled = true;
  m_deadline.start(cancelMax);
  m_process.terminate();
  Q_EMIT advanced();
}

void ExperimentRun::read() {
  m_rest += m_process.readAllStandardOutput();
  qsizetype from = 0;
  for (auto end = m_rest.indexOf('\n'); end >= 0; end = m_rest.indexOf('\n', from)) {
    m_progress.take(QString::fromUtf8(m_rest.mid(from, end - from)));
    from = end + 1;
  }
  m_rest.remove(0, from);
  if (m_rest.size() > lineBytesMax) m_process.kill();
  if (from > 0) Q_EMIT advanced();
}

void ExperimentRun::end(int exitCode) {
  read();
  m_lastS = elapsedS();
  m_tick.stop();
  m_deadline.stop();
  m_progress.end(m_lastS);
  m_errors = (m_errors + m_process.readAllStandardError()).right(errorBytesMax).trimmed();
  if (m_progress.report().is_object()) {
    Q_EMIT finished();
  } else if (m_isCancelled) {
    Q_EMIT failed(tr("it was cancelled before it had begun"));
  } else {
    const auto why = QString::fromUtf8(m_errors);
    Q_EMIT failed(why.isEmpty() ? tr("the experiment could not be run (exit code %1)").arg(exitCode) : why);
  }
}

}  // namespace millrace::workbench
