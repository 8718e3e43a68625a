#include "app/steering_desk.hpp"

#include <variant>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

nlohmann::json jsonOf(const param_value& value) {
  return std::visit([](const auto& v) { return nlohmann::json(v); }, value);
}

}  // namespace

SteeringDesk::SteeringDesk(EngineDesk& engine, const ActorCatalogue& catalogue, QObject* parent)
    : QObject{parent},
      m_engine{engine},
      m_catalogue{catalogue},
      m_savepoints{new SavepointPanel},
      m_letters{new LettersPanel},
      m_wire{new WirePanel} {
  connect(m_savepoints, &SavepointPanel::wanted, this, &SteeringDesk::request);
  connect(m_letters, &LettersPanel::wanted, this, &SteeringDesk::request);
  connect(m_wire, &WirePanel::wanted, this, &SteeringDesk::request);
  connect(m_savepoints, &SavepointPanel::startWanted, this, [this](const QString& savepoint) {
    if (m_tab == nullptr) return;
    m_engine.session().runDocument(m_tab->document(), toStd(savepoint));
    Q_EMIT hint(tr("goes on from %1").arg(savepoint));
  });
  connect(&m_engine.session(), &EngineSession::commandFinished, this, &SteeringDesk::take);
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

/// Panels are about what the engine has of the topology in front.
void SteeringDesk::follow() {
  const auto* run = m_tab == nullptr ? nullptr : m_engine.figures();
  const auto name = run == nullptr ? std::string{} : m_tab->document().spec().name;
  m_savepoints->setTopology(name);
  m_letters->setTopology(name);
  if (run == nullptr || !run->isActive()) m_wire->setWire({}, std::nullopt);
}

void SteeringDesk::showSelection() {
  const auto* run = m_tab == nullptr ? nullptr : m_engine.figures();
  if (run == nullptr || !run->isActive()) return;
  const auto wires = m_tab->scene().selectedStreams();
  // What is not selected any more goes on being looked at, until another wire is.
  if (wires.size() == 1) m_wire->setWire(m_tab->document().spec().name, wires.front());
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
  for (const auto& actor : actors) {
    request(isMuted ? "unmute" : "mute", {{"topology", m_tab->document().spec().name}, {"actor", actor}},
            (isMuted ? tr("Unmute %1") : tr("Mute %1")).arg(toQt(actor)));
  }
}

void SteeringDesk::applyLive() {
  const auto* deployed = m_tab == nullptr ? nullptr : m_engine.session().deployed(m_tab->document().spec().name);
  if (deployed == nullptr || m_engine.figures() == nullptr) {
    Q_EMIT hint(tr("it does not run: press F5"));
    return;
  }
  int count = 0;
  for (const auto& actor : m_tab->document().spec().actors) {
    const auto* before = deployed->spec.find(actor.name);
    const auto* type = m_catalogue.find(actor.type);
    if (before == nullptr || type == nullptr) continue;
    for (const auto& param : type->params) {
      const auto now = actor.params.find(param.name);
      const auto then = before->params.find(param.name);
      const auto value = now == actor.params.end() ? param.initial : now->second;
      const auto was = then == before->params.end() ? param.initial : then->second;
      if (!param.live || value == was) continue;
      ++count;
      request("set",
              {{"topology", m_tab->document().spec().name},
               {"actor", actor.name},
               {"parameter", param.name},
               {"value", jsonOf(value)}},
              tr("Set %1.%2").arg(toQt(actor.name), toQt(param.name)));
    }
  }
  if (count == 0) Q_EMIT hint(tr("no parameter that may be changed while it runs is other than in the run"));
}

void SteeringDesk::take(const Command& command) {
  m_savepoints->take(command);
  m_letters->take(command);
  m_wire->take(command);
}

}  // namespace millrace::workbench
