#pragma once

#include <QLockFile>
#include <QObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTimer>
#include <memory>

namespace millrace::workbench {

/// The embedded engine: a child `millrace node run` with a control socket in a folder that only this workbench knows,
/// and data in a folder of the user's. Another process, so that whatever happens in there, the window lives.
///
/// It is asked to end (last snapshots are taken) when this object goes, killed when it does not within 5 s, and ends
/// with the workbench, also when that one crashes. What ran in an earlier workbench is at rest when the first one
/// begins; what ran in this one goes on after a crash or a restart. Thread: GUI.
class EngineProcess final : public QObject {
  Q_OBJECT

public:
  explicit EngineProcess(QObject* parent = nullptr);
  ~EngineProcess() override;

  /// Starts it, unless it runs. One that does not listen after 30 s is killed, and has ended.
  void start();
  [[nodiscard]] bool isRunning() const { return m_process.state() != QProcess::NotRunning; }
  /// Whether any engine of this user's workbenches has something of a topology of that name, from whenever.
  [[nodiscard]] static bool knows(const QString& topology);
  /// Where it listens; empty while it does not.
  [[nodiscard]] const QString& address() const noexcept { return m_address; }
  [[nodiscard]] qint64 processId() const { return m_process.processId(); }
  /// Asks it to end and starts it anew when it has; after 30 s it is killed. `ready` tells when it is there again.
  void restart();
  /// Asks it to end and waits, at most 5 s; then kills it.
  void stop();

Q_SIGNALS:
  /// It listens at this address.
  void ready(const QString& address);
  /// It is gone, or could not be started; not after `stop`.
  void ended(const QString& why);
  /// A line of its log.
  void logged(const QString& line);

private:
  bool claimDataFolder(QString& why);
  void readOutput();
  void readLog();
  void end(int exitCode, QProcess::ExitStatus status);

  QTemporaryDir m_runtime;
  std::unique_ptr<QLockFile> m_claim;
  QString m_data;
  QProcess m_process;
  QByteArray m_output, m_errors;  // what came of the next line
  QString m_address;
  bool m_isStopping = false, m_isRestarting = false, m_isStuck = false;
  bool m_wasReady = false;  // once, in this workbench
  QTimer m_patience, m_comingUp;
};

}  // namespace millrace::workbench
