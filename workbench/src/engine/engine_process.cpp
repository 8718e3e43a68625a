#include "engine/engine_process.hpp"

#include <signal.h>
#include <sys/prctl.h>

#include <QDir>
#include <QStandardPaths>
#include <algorithm>
#include <utility>

#include "engine/tool_call.hpp"

namespace millrace::workbench {
namespace {

constexpr int stopMsMax = 5000;
/// Last snapshots take their time, and nobody waits for them here.
constexpr std::chrono::seconds restartMax{30};
constexpr int killMsMax = 1000;
/// Until it listens: plugins are loaded by then, and what was left of the disk is read.
constexpr std::chrono::seconds startMax{30};
/// Workbenches of one user at the same time, each with an engine of its own.
constexpr int enginesMax = 16;
constexpr qsizetype lineBytesMax = 16 * 1024;

/// Paths of sockets have 107 bytes, and below this folder they take half of them.
constexpr qsizetype runtimePathMax = 60;

/// A folder for each, by number.
QString enginesFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/engines");
}

QString runtimeTemplate() {
  const auto own = qEnvironmentVariable("XDG_RUNTIME_DIR");
  return (own.isEmpty() || own.size() > runtimePathMax ? QDir::tempPath() : own) + QStringLiteral("/mwb-XXXXXX");
}

}  // namespace

EngineProcess::EngineProcess(QObject* parent) : QObject{parent}, m_runtime{runtimeTemplate()} {
  connect(&m_process, &QProcess::readyReadStandardOutput, this, &EngineProcess::readOutput);
  connect(&m_process, &QProcess::readyReadStandardError, this, &EngineProcess::readLog);
  connect(&m_process, &QProcess::finished, this, &EngineProcess::end);
  m_patience.setSingleShot(true);
  connect(&m_patience, &QTimer::timeout, &m_process, &QProcess::kill);
  m_comingUp.setSingleShot(true);
  connect(&m_comingUp, &QTimer::timeout, this, [this] {
    m_isStuck = true;
    m_process.kill();
  });
  connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart)
      Q_EMIT ended(tr("the engine cannot be started: %1").arg(m_process.errorString()));
  });
}

EngineProcess::~EngineProcess() {
  m_process.disconnect(this);
  stop();
}

bool EngineProcess::claimDataFolder(QString& why) {
  if (m_claim != nullptr) return true;
  const auto root = enginesFolder();
  for (int i = 1; i <= enginesMax; ++i) {
    m_data = QStringLiteral("%1/%2").arg(root).arg(i);
    if (!QDir{}.mkpath(m_data)) {
      why = tr("the folder %1 cannot be made: check who may write there").arg(m_data);
      return false;
    }
    auto claim = std::make_unique<QLockFile>(m_data + QStringLiteral(".lock"));
    claim->setStaleLockTime(0);
    if (!claim->tryLock()) continue;
    m_claim = std::move(claim);
    return true;
  }
  why = tr("%1 workbenches are running: close one").arg(enginesMax);
  return false;
}

bool EngineProcess::knows(const QString& topology) {
  const auto engines = QDir{enginesFolder()}.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot);
  return std::ranges::any_of(engines, [&](const QFileInfo& engine) {
    const QDir data{engine.filePath()};
    return data.exists(QStringLiteral("topologies/") + topology) ||
           data.exists(QStringLiteral("savepoints/") + topology);
  });
}

void EngineProcess::start() {
  if (isRunning()) return;
  m_isStopping = false;
  m_address.clear();
  m_output.clear();
  m_errors.clear();
  m_isStuck = false;
  QString why;
  const auto program = millraceProgram();
  if (program.isEmpty()) why = tr("the 'millrace' program was not found: install it, or name it in MILLRACE_COMMAND");
  if (!m_runtime.isValid()) why = m_runtime.errorString();
  if (!why.isEmpty() || !claimDataFolder(why)) {
    Q_EMIT ended(why);
    return;
  }
  auto environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), m_runtime.path());
  m_process.setProcessEnvironment(environment);
  // It must not outlive a workbench that was killed.
  m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGTERM); });
  QStringList arguments{QStringLiteral("node"),      QStringLiteral("run"),        QStringLiteral("--name"),
                        QStringLiteral("workbench"), QStringLiteral("--data-dir"), m_data};
  // Nobody asked for these in this workbench.
  if (!m_wasReady) arguments << QStringLiteral("--at-rest");
  m_process.start(program, arguments);
  m_comingUp.start(startMax);
}

void EngineProcess::restart() {
  if (!isRunning()) {
    start();
    return;
  }
  m_isStopping = m_isRestarting = true;
  m_address.clear();
  m_process.terminate();
  m_patience.start(restartMax);
}

void EngineProcess::stop() {
  m_isRestarting = false;
  if (!isRunning()) return;
  m_isStopping = true;
  m_process.terminate();
  if (m_process.waitForFinished(stopMsMax)) return;
  m_process.kill();
  m_process.waitForFinished(killMsMax);
}

void EngineProcess::readOutput() {
  m_output += m_process.readAllStandardOutput();
  static constexpr const char* scheme = "ipc://";
  const auto begin = m_output.indexOf(scheme);
  const auto end = begin < 0 ? -1 : m_output.indexOf('\n', begin);
  if (!m_isStopping && m_address.isEmpty() && end >= 0) {
    m_address = QString::fromUtf8(m_output.mid(begin, end - begin).trimmed());
    m_wasReady = true;
    m_comingUp.stop();
    Q_EMIT ready(m_address);
  }
  // What console sinks print is shown as log.
  if (m_address.isEmpty()) return;
  for (qsizetype line = m_output.indexOf('\n'); line >= 0; line = m_output.indexOf('\n')) {
    Q_EMIT logged(QString::fromUtf8(m_output.left(line)));
    m_output.remove(0, line + 1);
  }
  if (m_output.size() > lineBytesMax) m_output.clear();
}

void EngineProcess::readLog() {
  m_errors += m_process.readAllStandardError();
  for (auto end = m_errors.indexOf('\n'); end >= 0; end = m_errors.indexOf('\n')) {
    if (end > 0) Q_EMIT logged(QString::fromUtf8(m_errors.left(std::min(end, lineBytesMax))));
    m_errors.remove(0, end + 1);
  }
  if (m_errors.size() > lineBytesMax) m_errors.clear();
}

void EngineProcess::end(int exitCode, QProcess::ExitStatus status) {
  readOutput();
  // What it said last needs no end of line.
  if (!m_errors.isEmpty()) Q_EMIT logged(QString::fromUtf8(m_errors));
  m_errors.clear();
  m_address.clear();
  m_patience.stop();
  m_comingUp.stop();
  if (std::exchange(m_isRestarting, false)) {
    start();
    return;
  }
  if (m_isStopping) return;
  if (std::exchange(m_isStuck, false)) {
    Q_EMIT ended(tr("the engine did not come up within %1 s; its last lines are in Log").arg(startMax.count()));
    return;
  }
  Q_EMIT ended(status == QProcess::CrashExit ? tr("the engine was killed or crashed (signal %1)").arg(exitCode)
                                             : tr("the engine ended with exit code %1").arg(exitCode));
}

}  // namespace millrace::workbench
