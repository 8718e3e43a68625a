#pragma once

#include <QDeadlineTimer>
#include <QMutex>
#include <QString>
#include <QThread>
#include <QWaitCondition>
#include <atomic>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "core/target.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::workbench {

/// Something the user wants of an engine. `Unknown`: it was sent and not answered in time; it may have been done.
struct Command {
  enum class State : std::uint8_t { Pending, Done, Failed, Unknown };
  quint64 id = 0;
  std::string verb;
  nlohmann::json args;
  QString title;                               ///< for people: "Run orders"
  std::chrono::milliseconds deadline{10'000};  ///< from the moment it is sent
  /// What could not be sent by then is not sent any more: nobody reckons with it.
  QDeadlineTimer sendUntil{QDeadlineTimer::Forever};
  State state = State::Pending;
  nlohmann::json answer;  ///< when done
  QString message;        ///< why not
};

/// Carries commands to one engine, one after the other, on a thread of its own with a connection of its own. At most 64
/// wait. Signals are to be connected queued. Thread: GUI, but for `run`.
class CommandLink final : public QThread {
  Q_OBJECT

public:
  static constexpr std::size_t waitingMax = 64;

  /// `context` outlives it.
  CommandLink(transport::zmq_context& context, Destination destination, QObject* parent = nullptr);
  ~CommandLink() override;

  /// Asks the thread to end after the command in hand, and does not wait for it.
  void end();
  /// False: too many are waiting already.
  [[nodiscard]] bool send(Command command);

Q_SIGNALS:
  /// In its last state.
  void commandFinished(const millrace::workbench::Command& command);

protected:
  void run() override;

private:
  [[nodiscard]] bool next(Command& command);
  void failWaiting();

  transport::zmq_context& m_context;
  const Destination m_destination;
  std::atomic<bool> m_isEnding{false};
  QMutex m_mutex;
  QWaitCondition m_wake;
  std::deque<Command> m_waiting;  // guarded
};

}  // namespace millrace::workbench

Q_DECLARE_METATYPE(millrace::workbench::Command)
