#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTimer>
#include <memory>

#include "core/experiment_progress.hpp"

namespace millrace::workbench {

/// Runs an experiment's file (`millrace chaos run --progress`) in a child process and follows it. Cancelling is the
/// signal that a terminal's Ctrl-C is: rollbacks are played by the experiment's strategy, faults go with the run, and
/// the verdict is ABORTED. A child that does not end within half a minute of that is killed; so it is when this goes.
/// Thread: GUI.
class ExperimentRun final : public QObject {
  Q_OBJECT

public:
  explicit ExperimentRun(QObject* parent = nullptr);
  ~ExperimentRun() override;

  /// One that still runs must be ended first. `allowsPrograms`: other programs than `millrace` may be called.
  void start(const QString& file, bool allowsPrograms);
  void cancel();
  [[nodiscard]] bool isRunning() const { return m_process.state() != QProcess::NotRunning; }
  [[nodiscard]] bool isCancelled() const noexcept { return m_isCancelled; }
  [[nodiscard]] const QString& file() const noexcept { return m_file; }
  [[nodiscard]] const ExperimentProgress& progress() const noexcept { return m_progress; }
  /// Since its start.
  [[nodiscard]] double elapsedS() const;
  /// Files of the last run's reports, until the next start; they are there when it has finished.
  [[nodiscard]] QString htmlFile() const { return m_folder->filePath(QStringLiteral("report.html")); }
  [[nodiscard]] QString journalFile() const { return m_folder->filePath(QStringLiteral("journal.json")); }

Q_SIGNALS:
  /// Something happened, or time went by.
  void advanced();
  /// There is a verdict.
  void finished();
  /// It could not be run: a sentence for the user.
  void failed(const QString& why);

private:
  void read();
  void end(int exitCode);

  QProcess m_process;
  QTimer m_tick, m_deadline;
  QElapsedTimer m_clock;
  QByteArray m_rest, m_errors;
  QString m_file;
  std::unique_ptr<QTemporaryDir> m_folder;
  ExperimentProgress m_progress;
  double m_lastS = 0;
  bool m_isCancelled = false;
};

}  // namespace millrace::workbench
