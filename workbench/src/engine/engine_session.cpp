#include "engine/engine_session.hpp"

#include <QDateTime>
#include <algorithm>
#include <utility>
#include <variant>

#include "core/deployment.hpp"
#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

constexpr qint64 staleMs = 2000;
constexpr std::chrono::milliseconds watchInterval{250};
/// Of the smoothed rate of figures: how much the newest one counts.
constexpr double smoothing = 0.1;
/// Of a command behind others that the engine is slow with.
constexpr std::chrono::milliseconds queueMax{30'000};

/// What is meant for this moment, and is not what is wanted when a lost engine comes back.
bool isOfThisMoment(const std::string& verb) {
  return verb.starts_with("chaos_") || verb.starts_with("break_") || verb.starts_with("tail_");
}

}  // namespace

EngineSession::EngineSession(QObject* parent) : QObject{parent} {
  m_retry.setSingleShot(true);
  connect(&m_retry, &QTimer::timeout, this, &EngineSession::begin);
  connect(&m_process, &EngineProcess::ready, this, [this](const QString& address) {
    if (m_target.isEmbedded()) link({toStd(address)});
  });
  connect(&m_process, &EngineProcess::ended, this, &EngineSession::processEnded);
  connect(&m_process, &EngineProcess::logged, this, &EngineSession::logged);
  connect(&m_watch, &QTimer::timeout, this, [this] {
    if (m_state == State::Connected && m_heard.isValid() && m_heard.elapsed() > staleMs) setState(State::Stale);
    giveUpWaiting();
  });
  m_watch.start(watchInterval);
}

EngineSession::~EngineSession() {
  // The threads first: they use the context, and would take the engine's end for a loss.
  unlink();
  m_retired.clear();
}

void EngineSession::setTarget(const Target& target) {
  if (target == m_target) return;
  m_retry.stop();
  unlink();
  m_target = target;
  ++m_targets;
  m_backoff.reset();
  // Others look at these until they are told.
  const auto figures = std::exchange(m_figures, nullptr);
  const auto history = std::exchange(m_history, {});
  const auto deployed = std::exchange(m_deployed, {});
  m_deploying.clear();
  m_heard.invalidate();
  m_perSecond = 0;
  failWaiting();
  if (m_target.isEmbedded() && !m_process.isRunning()) {
    setState(State::Off);
  } else {
    setState(State::Starting);
    begin();
  }
  Q_EMIT targetChanged();
  Q_EMIT figuresChanged();
}

void EngineSession::begin() {
  if (m_target.isEmbedded()) {
    if (!m_process.address().isEmpty()) link({toStd(m_process.address())});
    m_process.start();
    return;
  }
  auto destination = destinationOf(m_target);
  if (destination) {
    link(*std::move(destination));
  } else {
    lose(toQt(destination.error().message), Backoff::largest);
  }
}

void EngineSession::unlink() {
  ++m_links;
  const auto retire = [this](auto& link) {
    if (link == nullptr) return;
    auto* thread = link.get();
    // Before it is told: its end may come at once.
    connect(thread, &QThread::finished, this, [this, thread] {
      std::erase_if(m_retired, [thread](const auto& retired) { return retired.get() == thread; });
    });
    m_retired.push_back(std::move(link));
    thread->end();
  };
  if (m_telemetry != nullptr) m_telemetry->disconnect(this);
  retire(m_telemetry);
  retire(m_commands);
  m_address.clear();
}

int EngineSession::retryMs() const {
  return static_cast<int>(std::max<qint64>(0, m_nextAttempt.remainingTime()));
}

std::optional<qint64> EngineSession::ageMs() const {
  return m_heard.isValid() ? std::optional{m_heard.elapsed()} : std::nullopt;
}

const RunFigures* EngineSession::run(const std::string& topology) const {
  if (m_figures == nullptr) return nullptr;
  const auto at = m_figures->find(topology);
  return at == m_figures->end() ? nullptr : &at->second;
}

std::optional<bool> EngineSession::differsFromDeployed(const Document& document) const {
  const auto at = m_deployed.find(document.spec().name);
  if (at == m_deployed.end()) return std::nullopt;
  return at->second.hash != deploymentHash(document.text().toStdString(), placementOf(document.layout()));
}

const Drawing* EngineSession::deployed(const std::string& topology) const {
  const auto at = m_deployed.find(topology);
  return at == m_deployed.end() ? nullptr : &at->second.drawing;
}

void EngineSession::setState(State state, const QString& message) {
  if (state == m_state && message == m_message) return;
  if (state == State::Lost && m_state != State::Lost) {
    for (auto& command : m_waiting) command.sendUntil.setRemainingTime(command.deadline);
  }
  m_state = state;
  m_message = message;
  Q_EMIT stateChanged();
}

void EngineSession::link(Destination destination) {
  if (!m_context) {
    auto opened = transport::zmq_context::open(0);
    if (!opened) {
      lose(toQt(opened.error().message), Backoff::largest);
      return;
    }
    m_context.emplace(*std::move(opened));
  }
  m_address = toQt(destination.address);
  m_telemetry = std::make_unique<TelemetryLink>(*m_context, destination);
  m_commands = std::make_unique<CommandLink>(*m_context, std::move(destination));
  const auto isOld = [this, own = ++m_links] { return own != m_links; };
  connect(m_telemetry.get(), &TelemetryLink::connected, this, [this, isOld] {
    if (isOld()) return;
    m_backoff.reset();
    m_heard.start();
    setState(State::Connected);
    flush();
  });
  connect(m_telemetry.get(), &TelemetryLink::figuresCame, this, [this, isOld] {
    if (!isOld()) takeFigures();
  });
  connect(m_telemetry.get(), &TelemetryLink::lost, this, [this, isOld](const QString& why, int nextMs) {
    if (isOld()) return;
    m_nextAttempt.setRemainingTime(nextMs);
    setState(State::Lost, why);
  });
  connect(m_commands.get(), &CommandLink::commandFinished, this, [this, target = m_targets](const Command& command) {
    if (target == m_targets) {
      finish(command);
      return;
    }
    // Of another engine than what is shown now: nobody works with the answer.
    if (m_pending > 0) --m_pending;
    Q_EMIT logged(tr("%1, of the target before: %2")
                      .arg(command.title, command.state == Command::State::Done ? tr("done") : command.message));
    Q_EMIT stateChanged();
  });
  m_telemetry->start();
  m_commands->start();
}

void EngineSession::processEnded(const QString& why) {
  if (!m_target.isEmbedded()) return;
  unlink();
  lose(why, m_backoff.next());
}

void EngineSession::lose(const QString& why, std::chrono::milliseconds wait) {
  m_retry.start(wait);
  m_nextAttempt.setRemainingTime(wait);
  setState(State::Lost, why);
}

void EngineSession::restartEngine() {
  if (!m_process.isRunning()) return;
  if (m_target.isEmbedded()) {
    unlink();
    m_retry.stop();
    setState(State::Starting, tr("the engine starts anew"));
  }
  m_process.restart();
}

void EngineSession::retryNow() {
  if (m_telemetry != nullptr) m_telemetry->hurry();
  if (m_retry.isActive()) m_retry.start(0);
}

void EngineSession::remember() {
  const double now = static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000;
  std::erase_if(m_history, [this](const auto& entry) { return !m_figures->contains(entry.first); });
  for (const auto& [name, run] : *m_figures) {
    if (run.isActive() && !run.actors.empty()) m_history[name].add(run, now);
  }
}

RunHistory* EngineSession::historyOf(const std::string& topology) {
  const auto at = m_history.find(topology);
  return at == m_history.end() ? nullptr : &at->second;
}

const RunHistory* EngineSession::history(const std::string& topology) const {
  const auto at = m_history.find(topology);
  return at == m_history.end() ? nullptr : &at->second;
}

void EngineSession::takeFigures() {
  if (m_telemetry == nullptr) return;
  m_figures = m_telemetry->take();
  const auto gap = m_heard.isValid() ? m_heard.restart() : 0;
  if (!m_heard.isValid()) m_heard.start();
  if (gap > 0) m_perSecond += smoothing * (1000.0 / static_cast<double>(gap) - m_perSecond);
  remember();
  if (m_state != State::Connected) setState(State::Connected);
  Q_EMIT figuresChanged();
}

quint64 EngineSession::send(std::string verb, nlohmann::json args, const QString& title) {
  Command command;
  const auto id = command.id = ++m_lastCommand;
  command.verb = std::move(verb);
  command.args = std::move(args);
  command.title = title;
  ++m_pending;
  if (m_state == State::Lost && isOfThisMoment(command.verb)) {
    refuse(std::move(command), tr("not sent: the engine is lost"));
    return id;
  }
  if (m_waiting.size() >= CommandLink::waitingMax) {
    refuse(std::move(command), tr("too many commands are waiting for the engine"));
    return id;
  }
  if (m_state == State::Lost) command.sendUntil.setRemainingTime(command.deadline);
  m_waiting.push_back(std::move(command));
  if (m_state == State::Off) {
    setState(State::Starting);
    begin();
  } else if (m_state == State::Connected || m_state == State::Stale) {
    flush();
  }
  Q_EMIT stateChanged();
  return id;
}

void EngineSession::refuse(Command command, const QString& why) {
  command.state = Command::State::Failed;
  command.message = why;
  const auto tell = [this, command = std::move(command)] { finish(command); };
  QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
}

/// Commands wait until there is somebody to take them.
void EngineSession::flush() {
  if (m_commands == nullptr) return;
  for (auto& command : std::exchange(m_waiting, {})) {
    command.sendUntil.setRemainingTime(queueMax);
    if (!m_commands->send(command)) refuse(command, tr("too many commands are waiting for the engine"));
  }
}

/// What nobody reckons with any more when the engine comes back.
void EngineSession::giveUpWaiting() {
  const auto over = std::stable_partition(m_waiting.begin(), m_waiting.end(),
                                          [](const Command& c) { return !c.sendUntil.hasExpired(); });
  for (auto at = over; at != m_waiting.end(); ++at) refuse(std::move(*at), tr("not sent: the engine was lost"));
  m_waiting.erase(over, m_waiting.end());
}

/// What waits for an engine that this is not about any more.
void EngineSession::failWaiting() {
  for (auto& command : std::exchange(m_waiting, {})) {
    command.state = Command::State::Failed;
    command.message = tr("another target was chosen before it was sent");
    finish(command);
  }
}

void EngineSession::finish(const Command& command) {
  if (m_pending > 0) --m_pending;
  auto deploying = m_deploying.extract(command.id);
  if (command.verb == "deploy" && command.state == Command::State::Done && deploying) {
    const auto& drawing = deploying.mapped();
    const auto name = drawing.spec.name;
    m_deployed[name] = {deploymentHash(toStd(textOf(command.args, "text")), memberOf(command.args, "placement")),
                        drawing};
    // What is there already and the same is not begun again by deploying it.
    if (memberOf(command.answer, "changed") == false) send("start", {{"topology", name}}, command.title);
  }
  const bool isUsual = m_usual.erase(command.id) != 0;
  if (command.verb == "set" && command.state == Command::State::Done) noteSet(command.args, isUsual);
  Q_EMIT commandFinished(command);
  Q_EMIT stateChanged();
}

/// A parameter that was changed while it runs is part of what is deployed.
void EngineSession::noteSet(const nlohmann::json& args, bool isUsual) {
  const auto at = m_deployed.find(toStd(textOf(args, "topology")));
  if (at == m_deployed.end()) return;
  auto& spec = at->second.drawing.spec;
  const auto actor = std::ranges::find(spec.actors, toStd(textOf(args, "actor")), &actor_spec::name);
  if (actor == spec.actors.end() || !args.contains("value")) return;
  const auto& value = args["value"];
  if (isUsual) {
    actor->params.erase(toStd(textOf(args, "parameter")));
    at->second.hash = deploymentHash(to_text(spec), placementOf(at->second.drawing.layout));
    return;
  }
  auto& param = actor->params[toStd(textOf(args, "parameter"))];
  if (value.is_boolean()) {
    param = value.get<bool>();
  } else if (value.is_number_integer()) {
    param = value.get<std::int64_t>();
  } else if (value.is_number()) {
    param = value.get<double>();
  } else if (value.is_string()) {
    param = value.get<std::string>();
  }
  at->second.hash = deploymentHash(to_text(spec), placementOf(at->second.drawing.layout));
}

void EngineSession::runDocument(const Document& document, const RunFrom& from) {
  auto args = deploymentArguments(document);
  if (!from.savepoint.empty()) args["from"] = from.savepoint;
  if (from.acceptsDuplicates) args["accept_duplicates"] = true;
  // Before it is sent: it may be refused at once.
  m_deploying[m_lastCommand + 1] = document.drawing();
  send("deploy", std::move(args), tr("Run %1").arg(toQt(document.spec().name)));
}

void EngineSession::setLive(const std::string& topology, const LiveChanges::Change& change) {
  const auto id = send("set",
                       {{"topology", topology},
                        {"actor", change.actor},
                        {"parameter", change.param},
                        {"value", std::visit([](const auto& v) { return nlohmann::json(v); }, change.value)}},
                       tr("Set %1.%2").arg(toQt(change.actor), toQt(change.param)));
  if (change.isUsual) m_usual.insert(id);
}

void EngineSession::stopTopology(const std::string& topology) {
  send("stop", {{"topology", topology}}, tr("Stop %1").arg(toQt(topology)));
}

void EngineSession::askWhy(const std::string& topology) {
  send("why", {{"topology", topology}}, tr("Why is %1 slow?").arg(toQt(topology)));
}

void EngineSession::takeSnapshot(const std::string& topology) {
  send("snapshot", {{"topology", topology}}, tr("Snapshot of %1").arg(toQt(topology)));
}

}  // namespace millrace::workbench
