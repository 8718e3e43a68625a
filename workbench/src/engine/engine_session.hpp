#pragma once

#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <memory>
#include <optional>
#include <set>

#include "core/document.hpp"
#include "core/live_changes.hpp"
#include "core/run_history.hpp"
#include "core/target.hpp"
#include "engine/backoff.hpp"
#include "engine/command_link.hpp"
#include "engine/engine_process.hpp"
#include "engine/telemetry_link.hpp"

namespace millrace::workbench {

/// What a run goes on from.
struct RunFrom {
  std::string savepoint;           ///< empty: its newest snapshot
  bool acceptsDuplicates = false;  ///< sinks that cannot take output back may write some of it twice
};

/// The engine this window works with, its own or a node somewhere else: starts its own when it is first needed, watches
/// it, sends it commands, and gets it back when it is lost, with waits from 100 ms to 5 s. Editing never depends on it.
///
/// Thread: GUI; it never blocks there, but for the moments in which the window closes.
class EngineSession final : public QObject {
  Q_OBJECT

public:
  enum class State {
    Off,        ///< not needed yet
    Starting,   ///< the process comes up
    Connected,  ///< figures come
    Stale,      ///< connected, but no figures for 2 s
    Lost,       ///< gone or silent; `message` says why, the next attempt is being waited for
  };

  explicit EngineSession(QObject* parent = nullptr);
  ~EngineSession() override;

  /// From now on it is this one. What the one before has goes on there; what was on its way to it is no longer waited
  /// for. Its own engine ends with the window, not with this.
  void setTarget(const Target& target);
  [[nodiscard]] const Target& target() const noexcept { return m_target; }
  [[nodiscard]] State state() const noexcept { return m_state; }
  [[nodiscard]] const QString& message() const noexcept { return m_message; }
  /// Until the next attempt.
  [[nodiscard]] int retryMs() const;
  /// Since the newest figures came; nothing before the first.
  [[nodiscard]] std::optional<qint64> ageMs() const;
  [[nodiscard]] double figuresPerS() const noexcept { return m_perSecond; }
  /// The newest figures of a topology; nullptr: the engine does not have it. Valid until the next `figuresChanged`.
  [[nodiscard]] const RunFigures* run(const std::string& topology) const;
  /// Of all topologies; nullptr: nothing came yet. Valid until the next `figuresChanged`.
  [[nodiscard]] const std::map<std::string, RunFigures>* runs() const noexcept { return m_figures.get(); }
  /// The last two minutes of a topology; nullptr: it never ran here.
  [[nodiscard]] const RunHistory* history(const std::string& topology) const;
  /// Where it listens; empty while it does not run.
  [[nodiscard]] const QString& address() const noexcept { return m_address; }
  [[nodiscard]] qint64 processId() const { return m_process.processId(); }
  [[nodiscard]] std::size_t pendingCommands() const noexcept { return m_pending; }

  /// Deploys the document and runs it; starts the engine first when there is none.
  void runDocument(const Document& document, const RunFrom& from = {});
  /// Changes a parameter of what runs.
  void setLive(const std::string& topology, const LiveChanges::Change& change);
  /// A last snapshot, then the end.
  void stopTopology(const std::string& topology);
  void takeSnapshot(const std::string& topology);
  /// What holds it up; the answer comes as `commandFinished`.
  void askWhy(const std::string& topology);
  /// Any other verb; the answer comes as `commandFinished`. `title`: for people. Returns its number.
  quint64 request(std::string verb, nlohmann::json args, const QString& title) {
    return send(std::move(verb), std::move(args), title);
  }
  /// To mark in it what happened; nullptr: it never ran here.
  [[nodiscard]] RunHistory* historyOf(const std::string& topology);
  /// Whether the document is another one than what this session deployed under its name; nothing: it deployed none.
  [[nodiscard]] std::optional<bool> differsFromDeployed(const Document& document) const;
  /// What this session deployed under that name; nullptr: nothing.
  [[nodiscard]] const Drawing* deployed(const std::string& topology) const;
  /// Ends the engine, with last snapshots, and starts it anew: what ran goes on. Nothing when it does not run.
  void restartEngine();
  /// Now, not when the wait is over.
  void retryNow();

Q_SIGNALS:
  void stateChanged();
  /// Another engine: what was known of the one before is gone.
  void targetChanged();
  void figuresChanged();
  void commandFinished(const millrace::workbench::Command& command);
  void logged(const QString& line);

private:
  quint64 send(std::string verb, nlohmann::json args, const QString& title);
  /// The command fails as if it had been answered, after this: whoever sends it does not know its number yet.
  void refuse(Command command, const QString& why);
  void flush();
  void giveUpWaiting();
  /// Starts or finds what is to be linked.
  void begin();
  void link(Destination destination);
  /// Lets both threads end in their own time: the GUI does not wait for them.
  void unlink();
  void processEnded(const QString& why);
  void lose(const QString& why, std::chrono::milliseconds wait);
  void setState(State state, const QString& message = {});
  void takeFigures();
  void remember();
  void finish(const Command& command);
  void failWaiting();
  void noteSet(const nlohmann::json& args, bool isUsual);

  Target m_target;
  EngineProcess m_process;
  std::optional<transport::zmq_context> m_context;
  std::unique_ptr<TelemetryLink> m_telemetry;
  std::unique_ptr<CommandLink> m_commands;
  std::vector<std::unique_ptr<QThread>> m_retired;
  std::vector<Command> m_waiting;  // for the engine to come up
  State m_state = State::Off;
  QString m_message, m_address;
  Backoff m_backoff;
  QTimer m_retry, m_watch;
  QDeadlineTimer m_nextAttempt;
  QElapsedTimer m_heard;
  FiguresPtr m_figures;
  std::map<std::string, RunHistory> m_history;
  double m_perSecond = 0;
  struct Deployed {
    QByteArray hash;
    Drawing drawing;
  };
  std::map<std::string, Deployed> m_deployed;  // by topology
  std::map<quint64, Drawing> m_deploying;      // by command: sent, not answered
  std::set<quint64> m_usual;                   // commands that set what the drawing leaves out
  quint64 m_lastCommand = 0;
  quint64 m_links = 0;    // what links before say is old
  quint64 m_targets = 0;  // answers of those before concern nobody
  std::size_t m_pending = 0;
};

}  // namespace millrace::workbench
