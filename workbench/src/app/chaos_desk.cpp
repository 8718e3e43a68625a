#include "app/chaos_desk.hpp"

#include <QDateTime>
#include <QFileDialog>
#include <algorithm>
#include <utility>

#include "core/json_reading.hpp"
#include "core/text_file.hpp"

namespace millrace::workbench {
namespace {

constexpr std::chrono::milliseconds pollInterval{500};
/// What throughput was is taken from so many seconds before the fault.
constexpr double baselineS = 5;
/// Topologies that are not in front, at a time: commands that somebody waits for have to get through.
constexpr int othersAtOnce = 4;

double now() {
  return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000;
}

bool isDoneTo(chaos::fault_place place, bool isWire, bool isProducer) {
  using chaos::fault_place;
  switch (place) {
    case fault_place::channel:
      return isWire;
    case fault_place::producer:
      return !isWire && isProducer;
    case fault_place::task:
    case fault_place::handler:
      return !isWire;
    case fault_place::disk:
    case fault_place::clock:
    case fault_place::process:
      return true;
  }
  return false;
}

bool isOfTheWhole(chaos::fault_place place) {
  return place == chaos::fault_place::clock || place == chaos::fault_place::process;
}

}  // namespace

ExperimentTarget targetOf(const DocumentTab& tab) {
  return {tab.document().spec(), tab.document().path()};
}

ChaosDesk::ChaosDesk(EngineDesk& engine, QObject* parent) : QObject{parent}, m_engine{engine}, m_panel{new ChaosPanel} {
  connect(m_panel, &ChaosPanel::injectWanted, this, &ChaosDesk::inject);
  connect(m_panel, &ChaosPanel::stopWanted, this, &ChaosDesk::stopAll);
  connect(m_panel, &ChaosPanel::clearWanted, this, [this](quint64 id) {
    m_engine.session().request("chaos_clear", {{"topology", topology()}, {"id", id}}, tr("Clear fault %1").arg(id));
  });
  connect(m_panel, &ChaosPanel::repeatWanted, this, [this] {
    if (m_trial) start(FaultWish{m_trial->trial.wish()}, ExperimentTarget{m_trial->target});
  });
  connect(m_panel, &ChaosPanel::exportWanted, this, &ChaosDesk::exportTrial);
  connect(m_panel, &ChaosPanel::designWanted, this, [this] {
    if (m_trial) Q_EMIT designed(toExperiment(m_trial->trial.wish(), m_trial->target));
  });
  connect(&m_engine, &EngineDesk::chaosStopWanted, this, &ChaosDesk::stopAll);
  connect(&m_engine, &EngineDesk::figuresShown, this, &ChaosDesk::observe);
  connect(&m_engine.session(), &EngineSession::commandFinished, this, &ChaosDesk::take);
  connect(&m_engine.session(), &EngineSession::targetChanged, this, &ChaosDesk::forget);
  connect(&m_poll, &QTimer::timeout, this, &ChaosDesk::ask);
  m_poll.setInterval(pollInterval);
}

void ChaosDesk::setTab(DocumentTab* tab) {
  if (m_tab != nullptr) disconnect(m_tab, nullptr, this, nullptr);
  m_tab = tab;
  showFaults();
  if (tab == nullptr) return;
  connect(tab, &DocumentTab::faultChosen, this, &ChaosDesk::injectKind);
  // Some may be at work already.
  watch();
}

std::string ChaosDesk::topology() const {
  return m_tab == nullptr ? std::string{} : m_tab->document().spec().name;
}

std::string ChaosDesk::target() const {
  if (m_tab == nullptr) return {};
  const auto actors = m_tab->scene().meantActors();
  if (actors.size() == 1) return actors.front();
  const auto wires = m_tab->scene().selectedStreams();
  return actors.empty() && wires.size() == 1 ? wires.front().from_actor + "->" + wires.front().to_actor : std::string{};
}

void ChaosDesk::inject() {
  const auto* run = m_engine.figures();
  if (run == nullptr || !run->isActive()) {
    Q_EMIT hint(tr("it does not run: press F5 first"));
    return;
  }
  const auto what = target();
  if (what.empty()) {
    Q_EMIT hint(tr("select the one actor or wire that something is to be done to"));
    return;
  }
  const bool isWire = what.find("->") != std::string::npos;
  const auto figures = run->actors.find(what);
  const bool isProducer = figures != run->actors.end() && figures->second.kind == ActorKind::Producer;
  std::vector<SearchBox::Entry> entries;
  for (const auto& kind : chaos::catalogue()) {
    if (!isDoneTo(kind.place, isWire, isProducer)) continue;
    const auto where = isOfTheWhole(kind.place) ? tr("whole process: ") : QString{};
    entries.push_back(
        {QString::fromLatin1(kind.name), QString::fromLatin1(kind.name), where + QString::fromUtf8(kind.what)});
  }
  m_tab->searchFault(tr("What to do to %1").arg(toQt(what)), std::move(entries));
}

void ChaosDesk::injectKind(const QString& name) {
  const auto kind = chaos::fault_kind_of(toStd(name));
  if (!kind) return;
  const auto& entry = chaos::entry_of(*kind);
  auto on = isOfTheWhole(entry.place)                 ? std::string{}
            : entry.place == chaos::fault_place::disk ? std::string{"*"}
                                                      : target();
  start(usualFault(entry, std::move(on)), targetOf(*m_tab));
}

void ChaosDesk::start(const FaultWish& wish, const ExperimentTarget& target) {
  const auto& name = target.spec.name;
  const auto* run = m_engine.session().run(name);
  const auto* history = m_engine.session().history(name);
  if (run == nullptr || !run->isActive() || history == nullptr) {
    Q_EMIT hint(tr("%1 does not run: start it first").arg(toQt(name)));
    return;
  }
  m_panel->tell(tr("%1 %2: injected; what becomes of the run is watched for up to %3 s …")
                    .arg(toQt(wish.kind), toQt(wish.target))
                    .arg(ChaosTrial::recoveryMaxS));
  const auto command =
      m_engine.session().request("chaos_inject", toArguments(wish, name), tr("Inject %1").arg(toQt(wish.kind)));
  m_trial.emplace(Trial{{wish, history->last(baselineS), *run, now()}, target, command});
  watch();
  Q_EMIT shown();
}

void ChaosDesk::stopAll() {
  bool isAny = false;
  if (const auto* runs = m_engine.session().runs()) {
    for (const auto& [name, run] : *runs) {
      if (!run.isActive()) continue;
      isAny = true;
      m_engine.session().request("chaos_clear", {{"topology", name}}, tr("Stop all chaos in %1").arg(toQt(name)));
    }
  }
  if (!isAny) Q_EMIT hint(tr("nothing runs"));
  watch();
}

void ChaosDesk::watch() {
  if (const auto* runs = m_engine.session().runs()) {
    for (const auto& [name, run] : *runs) {
      if (run.isActive()) m_unseen.insert(name);
    }
  }
  m_poll.start();
}

void ChaosDesk::ask() {
  const auto* runs = m_engine.session().runs();
  if (runs == nullptr || m_engine.isStale()) return;
  askFor(topology());
  if (m_trial && !m_trial->isToldOfEnd) askFor(m_trial->target.spec.name);
  std::erase_if(m_unseen, [runs](const std::string& name) { return !runs->contains(name); });
  int left = othersAtOnce;
  for (const auto& [name, run] : *runs) {
    if (left > 0 && (m_unseen.contains(name) || isAtWork(name)) && !m_asked.contains(name)) {
      askFor(name);
      --left;
    }
  }
}

void ChaosDesk::askFor(const std::string& topology) {
  const auto* run = m_engine.session().run(topology);
  m_unseen.erase(topology);
  if (run == nullptr || !run->isActive() || !m_asked.insert(topology).second) return;
  m_engine.session().request("chaos_list", {{"topology", topology}}, tr("Faults"));
}

void ChaosDesk::take(const Command& command) {
  if (!command.verb.starts_with("chaos_")) return;
  const bool isDone = command.state == Command::State::Done;
  const auto name = toStd(textOf(command.args, "topology"));
  if (command.verb == "chaos_list") {
    m_asked.erase(name);
    if (isDone) takeFaults(name, readFaults(command.answer));
    return;
  }
  Q_EMIT hint(isDone ? tr("%1: done").arg(command.title) : tr("%1: %2").arg(command.title, command.message));
  if (command.verb != "chaos_inject") return;
  const auto id = countOf(command.answer, "id");
  if (isDone) m_ownFaults.emplace(name, id);
  // What was injected before the last one is nobody's trial any more.
  if (!m_trial || m_trial->command != command.id) return;
  if (isDone) {
    m_trial->trial.setId(id);
  } else {
    m_trial.reset();
    m_panel->tell(command.message);
  }
}

void ChaosDesk::forget() {
  m_asked.clear();
  m_unseen.clear();
  m_faults.clear();
  m_ownFaults.clear();
  if (m_trial && !m_trial->isToldOfEnd) {
    m_trial.reset();
    m_panel->tell(tr("another target was chosen: what became of the run is not known"));
  }
  showFaults();
  m_poll.start();
}

void ChaosDesk::takeFaults(const std::string& name, const std::vector<FaultNote>& faults) {
  auto* history = m_engine.session().historyOf(name);
  const bool isFirst = !m_faults.contains(name);
  const auto before = std::exchange(m_faults[name], faults);
  for (const auto& f : faults) {
    // One that is younger than it was is of an engine that was started anew.
    const auto known = std::ranges::find_if(
        before, [&f](const FaultNote& other) { return other.id == f.id && other.ageMs <= f.ageMs; });
    const bool isNew = known == before.end();
    // Of what was over before anybody looked nobody knows when it ended.
    const bool isOld = isNew && isFirst && !f.isActive() && !m_ownFaults.contains({name, f.id});
    const auto title = QStringLiteral("%1 %2").arg(f.id).arg(f.title());
    if (history != nullptr && isNew && !isOld) history->markFault(title, now() - f.ageMs / 1000, false);
    if (history != nullptr && !isOld && !f.isActive() && (isNew || known->isActive())) {
      history->markFault(title, now(), true);
    }
    if (m_trial && m_trial->trial.id() == f.id && m_trial->target.spec.name == name) m_trial->trial.observe(f, now());
  }
  showFaults();
  // Asked for while there is something to see.
  const bool isAny = std::ranges::any_of(m_faults, [this](const auto& entry) { return isAtWork(entry.first); });
  const bool isTrying = m_trial && !m_trial->isToldOfEnd;
  if (!isAny && !isTrying && m_unseen.empty() && m_asked.empty()) m_poll.stop();
}

bool ChaosDesk::isAtWork(const std::string& name) const {
  const auto* run = m_engine.session().run(name);
  const auto at = m_faults.find(name);
  return run != nullptr && run->isActive() && at != m_faults.end() &&
         std::ranges::any_of(at->second, &FaultNote::isActive);
}

void ChaosDesk::showFaults() {
  const auto front = topology();
  QStringList elsewhere;
  for (const auto& [name, faults] : m_faults) {
    if (name == front || !isAtWork(name)) continue;
    QStringList titles;
    for (const auto& f : faults) {
      if (f.isActive()) titles << f.title();
    }
    elsewhere << tr("in %1: %2").arg(toQt(name), titles.join(QStringLiteral(", ")));
  }
  const auto here = m_faults.find(front);
  const auto faults = here == m_faults.end() ? std::vector<FaultNote>{} : here->second;
  m_panel->setFaults(faults);
  m_engine.setFaults(faults, elsewhere);
}

void ChaosDesk::observe() {
  if (!m_trial || m_trial->isToldOfEnd) return;
  const auto* run = m_engine.session().run(m_trial->target.spec.name);
  if (run == nullptr) return;
  m_trial->trial.observe(*run, now());
  if (!m_trial->trial.isOver()) return;
  m_trial->isToldOfEnd = true;
  m_panel->showCard(m_trial->trial.card(), ChaosPanel::CardOf::Fault);
  Q_EMIT shown();
}

void ChaosDesk::exportTrial() {
  if (!m_trial) return;
  const auto path = QFileDialog::getSaveFileName(m_panel, tr("Export as an experiment"),
                                                 QStringLiteral("experiment.json"), tr("Experiments (*.json)"));
  if (path.isEmpty()) return;
  const auto text = toExperiment(m_trial->trial.wish(), m_trial->target).dump(2) + "\n";
  const auto written = writeFile(path, QByteArray::fromStdString(text));
  Q_EMIT hint(written ? tr("written to %1").arg(path) : toQt(written.error().message));
}

}  // namespace millrace::workbench
