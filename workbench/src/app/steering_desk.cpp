#include "app/steering_desk.hpp"

#include <algorithm>

#include "core/live_changes.hpp"
#include "core/text.hpp"
#include "panels/question.hpp"

namespace millrace::workbench {
SteeringDesk::SteeringDesk(EngineDesk& engine, const ActorCatalogue& catalogue, QObject* parent)
    : QObject{parent},
      m_engine{engine},
      m_catalogue{catalogue},
      m_savepoints{new SavepointPanel},
      m_letters{new LettersPanel},
      m_sampler{engine.session()},
      m_wire{new WirePanel} {
  connect(m_savepoints, &SavepointPanel::wanted, this, &SteeringDesk::request);
  connect(m_letters, &LettersPanel::wanted, this, &SteeringDesk::request);
  connect(m_wire, &WirePanel::wanted, this, &SteeringDesk::request);
  connect(&m_sampler, &WireSampler::sampled, this, &SteeringDesk::sampled);
  connect(&m_sampler, &WireSampler::failed, this, &SteeringDesk::notSampled);
  connect(m_savepoints, &SavepointPanel::startWanted, this, &SteeringDesk::startFrom);
  connect(&m_engine.session(), &EngineSession::commandFinished, this, &SteeringDesk::take);
  connect(&m_engine.session(), &EngineSession::stateChanged, this,
          [this] { m_wire->setReachable(!m_engine.isStale()); });
  connect(&m_engine.session(), &EngineSession::targetChanged, m_wire, &WirePanel::forget);
  connect(&m_engine, &EngineDesk::figuresShown, this, &SteeringDesk::follow);
}

void SteeringDesk::request(const std::string& verb, const nlohmann::json& args, const QString& title) {
  m_engine.session().request(verb, args, title);
}

void SteeringDesk::setTab(DocumentTab* tab) {
  m_tab = tab;
  follow();
  showSelection();
}

/// What runs is left behind: that is asked about first.
void SteeringDesk::startFrom(const QString& savepoint, bool acceptsDuplicates) {
  if (m_tab == nullptr) return;
  const auto* run = m_engine.figures();
  const auto name = m_tab->document().spec().name;
  const auto start = [this, savepoint, acceptsDuplicates, name] {
    if (m_tab == nullptr || m_tab->document().spec().name != name) {
      Q_EMIT hint(tr("%1 is not in front any more: nothing was started").arg(toQt(name)));
      return;
    }
    m_engine.session().runDocument(m_tab->document(), {toStd(savepoint), acceptsDuplicates});
    Q_EMIT hint(tr("Run from savepoint %1: pending").arg(savepoint));
  };
  if (run == nullptr || !run->isActive()) {
    start();
    return;
  }
  askFirst(m_savepoints->window(), tr("Start from a savepoint"),
           tr("%1 is %2. Go back to savepoint %3? What it has done since then is left behind.")
               .arg(toQt(name), run->state, savepoint),
           tr("&Start from it"), start);
}

/// On the tab of the panel, which is seldom in front when the first one comes.
void SteeringDesk::showLetterCount() {
  auto* dock = m_letters->parentWidget();
  if (dock == nullptr) return;
  const auto* run = m_engine.figures();
  const double count = run == nullptr ? 0 : run->deadLetters();
  const auto title = count == 0 ? tr("Dead letters") : tr("Dead letters (%1)").arg(countText(count));
  if (dock->windowTitle() != title) dock->setWindowTitle(title);
}

/// Panels are about what the engine has of the topology in front.
void SteeringDesk::follow() {
  const auto* run = m_tab == nullptr ? nullptr : m_engine.figures();
  const auto name = run == nullptr ? std::string{} : m_tab->document().spec().name;
  m_savepoints->setTopology(name);
  m_letters->setTopology(name);
  m_wire->setTopology(run != nullptr && run->isActive() ? name : std::string{});
  showLetterCount();
}

void SteeringDesk::showSelection() {
  const auto* run = m_tab == nullptr ? nullptr : m_engine.figures();
  if (run == nullptr || !run->isActive()) return;
  const auto wires = m_tab->scene().selectedStreams();
  // What is not selected any more goes on being looked at, until another wire is.
  if (wires.size() == 1) m_wire->setWire(m_tab->document().spec().name, wires.front());
}

void SteeringDesk::lookAt(const stream_spec& wire) {
  const auto* run = m_engine.figures();
  if (run == nullptr || !run->isActive()) return;
  m_wire->setWire(m_tab->document().spec().name, wire);
  m_wire->setHeld(false);
  m_wire->setLooking(true);
  Q_EMIT wireShown();
}

void SteeringDesk::toggleHold() {
  if (m_wire->isLooking()) m_wire->setHeld(!m_wire->isHeld());
}

void SteeringDesk::showLetters(const std::string& actor) {
  m_letters->setActor(actor);
  Q_EMIT lettersShown();
}

void SteeringDesk::togglePause() {
  const auto* run = m_engine.figures();
  if (run == nullptr || !run->isActive()) {
    Q_EMIT hint(tr("it does not run: press F5"));
    return;
  }
  const bool isPaused = run->state == QLatin1String("paused");
  const auto& name = m_tab->document().spec().name;
  request(isPaused ? "resume" : "pause", {{"topology", name}},
          (isPaused ? tr("Resume %1") : tr("Pause %1")).arg(toQt(name)));
}

void SteeringDesk::toggleMute() {
  const auto* run = m_engine.figures();
  const auto actors = m_tab == nullptr ? std::vector<std::string>{} : m_tab->scene().meantActors();
  if (run == nullptr || !run->isActive() || actors.empty()) {
    Q_EMIT hint(tr("select actors of a topology that runs: what they send is dropped while they are muted"));
    return;
  }
  const auto first = run->actors.find(actors.front());
  const bool isMuted = first != run->actors.end() && first->second.isMuted;
  for (const auto& actor : actors) setMuted(actor, !isMuted);
}

void SteeringDesk::setMuted(const std::string& actor, bool isMuted) {
  if (m_tab == nullptr) return;
  request(isMuted ? "mute" : "unmute", {{"topology", m_tab->document().spec().name}, {"actor", actor}},
          (isMuted ? tr("Mute %1") : tr("Unmute %1")).arg(toQt(actor)));
}

void SteeringDesk::applyLive() {
  const auto* deployed = m_tab == nullptr ? nullptr : m_engine.session().deployed(m_tab->document().spec().name);
  if (deployed == nullptr || m_engine.figures() == nullptr) {
    Q_EMIT hint(tr("it does not run: press F5"));
    return;
  }
  const auto found = liveChanges(deployed->spec, m_tab->document().spec(), m_catalogue);
  m_fixed = found.fixed.isEmpty()
                ? QString{}
                : tr("%1 cannot be changed while it runs: F5 deploys what is drawn, from a last snapshot")
                      .arg(found.fixed.join(QStringLiteral(", ")));
  for (const auto& change : found.changes) {
    m_engine.session().setLive(m_tab->document().spec().name, change);
  }
  if (!found.changes.empty()) return;
  Q_EMIT hint(m_fixed.isEmpty() ? tr("no parameter that may be changed while it runs is other than in the run")
                                : m_fixed);
}

void SteeringDesk::sample(const std::string& actor) {
  const auto* run = m_engine.figures();
  if (run == nullptr || !run->isActive()) {
    Q_EMIT notSampled(tr("it does not run: press F5"));
    return;
  }
  const auto& spec = m_tab->document().spec();
  const auto wire = std::ranges::find(spec.streams, actor, &stream_spec::to_actor);
  if (wire == spec.streams.end()) {
    Q_EMIT notSampled(tr("no wire leads to %1").arg(toQt(actor)));
    return;
  }
  m_sampler.start(spec.name, *wire);
}

void SteeringDesk::take(const Command& command) {
  if (m_sampler.take(command)) return;
  // What became of the others is told first.
  if (command.verb == "set" && command.state == Command::State::Done && !m_fixed.isEmpty()) Q_EMIT hint(m_fixed);
  m_savepoints->take(command);
  m_letters->take(command);
  m_wire->take(command);
}

}  // namespace millrace::workbench
