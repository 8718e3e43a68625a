#pragma once

#include <QMutex>
#include <QThread>
#include <QWaitCondition>
#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "core/figures.hpp"
#include "core/target.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::workbench {

using FiguresPtr = std::shared_ptr<const std::map<std::string, RunFigures>>;

/// Watches one engine: connects, subscribes, reads, and connects again when nothing comes any more, with growing waits.
///
/// A thread of its own, so that the GUI never waits for a socket. The newest figures win: however fast they come, at
/// most one signal is on its way to the GUI, which then takes what is newest. Signals are to be connected queued.
/// Thread: GUI, but for `run`.
class TelemetryLink final : public QThread {
  Q_OBJECT

public:
  /// `context` outlives it.
  TelemetryLink(transport::zmq_context& context, Destination destination, QObject* parent = nullptr);
  ~TelemetryLink() override;

  /// Asks the thread to end, and does not wait for it.
  void end();
  /// What came last; nullptr: nothing yet. From here on the next figures are told again.
  [[nodiscard]] FiguresPtr take();
  /// Tries at once when it is waiting for its next attempt.
  void hurry();

  /// Times a second that figures are asked for: as often as an engine takes its own.
  static constexpr int figuresPerS = 10;

Q_SIGNALS:
  void connected();
  void figuresCame();
  /// Nothing comes; the next attempt is made in so many ms.
  void lost(const QString& why, int nextMs);

protected:
  void run() override;

private:
  /// Until nothing comes any more; says why.
  QString watch();
  void publish(FiguresPtr figures);
  void waitFor(std::chrono::milliseconds time);

  transport::zmq_context& m_context;
  const Destination m_destination;
  std::atomic<bool> m_isEnding{false};
  QMutex m_mutex;
  QWaitCondition m_wake;
  FiguresPtr m_newest;       // guarded
  bool m_isTold = false;     // guarded: a signal is on its way
  bool m_isHurried = false;  // guarded
  bool m_wasConnected = false;
};

}  // namespace millrace::workbench
