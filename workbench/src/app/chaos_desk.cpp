#include "app/chaos_desk.hpp"

#include <QDateTime>
#include <QFileDialog>
#include <map>

#include "core/json_reading.hpp"
#include "core/text_file.hpp"

namespace millrace::workbench {
namespace {

constexpr std::chrono::milliseconds pollInterval{500};
/// What throughput was is taken from so many seconds before the fault.
constexpr double baselineS = 5;

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
    if (m_trial) start(FaultWish{m_trial->wish()});
  });
  connect(m_panel, &ChaosPanel::exportWanted, this, &ChaosDesk::exportTrial);
  connect(m_panel, &ChaosPanel::designWanted, this, [this] {
    if (m_trial) Q_EMIT designed(toExperiment(m_trial->wish(), targetOf(*m_tab)));
  });
  connect(&m_engine, &EngineDesk::chaosStopWanted, this, &ChaosDesk::stopAll);
  connect(&m_engine, &EngineDesk::figuresShown, this, &ChaosDesk::observe);
  connect(&m_engine.session(), &EngineSession::commandFinished, this, &ChaosDesk::take);
  connect(&m_poll, &QTimer::timeout, this, &ChaosDesk::ask);
  m_poll.setInterval(pollInterval);
}

void ChaosDesk::setTab(DocumentTab* tab) {
  if (m_tab != nullptr) disconnect(m_tab, nullptr, this, nullptr);
  m_tab = tab;
  m_faults.clear();
  m_panel->setFaults({});
  m_engine.setFaults({});
  if (tab == nullptr) return;
  connect(tab, &DocumentTab::faultChosen, this, &ChaosDesk::injectKind);
  // Some may be at work already.
  m_poll.start();
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
  start(usualFault(entry, std::move(on)));
}

void ChaosDesk::start(FaultWish wish) {
  const auto* run = m_engine.figures();
  const auto* history = m_engine.history();
  if (run == nullptr || history == nullptr) {
    Q_EMIT hint(tr("it does not run: press F5 first"));
    return;
  }
  m_trialTopology = topology();
  m_trial.emplace(wish, history->last(baselineS), *run, now());
  m_isToldOfEnd = false;
  m_panel->tell(tr("%1 %2: injected; what becomes of the run is watched for up to %3 s …")
                    .arg(toQt(wish.kind), toQt(wish.target))
                    .arg(ChaosTrial::recoveryMaxS));
  m_engine.session().request("chaos_inject", toArguments(wish, m_trialTopology), tr("Inject %1").arg(toQt(wish.kind)));
  m_poll.start();
  Q_EMIT shown();
}

void ChaosDesk::stopAll() {
  if (m_engine.figures() == nullptr) {
    Q_EMIT hint(tr("nothing runs here"));
    return;
  }
  m_engine.session().request("chaos_clear", {{"topology", topology()}}, tr("Stop all chaos"));
  m_poll.start();
}

void ChaosDesk::ask() {
  const auto* run = m_engine.figures();
  if (m_isAsked || run == nullptr || !run->isActive() || m_engine.isStale()) return;
  m_isAsked = true;
  m_engine.session().request("chaos_list", {{"topology", topology()}}, tr("Faults"));
}

void ChaosDesk::take(const Command& command) {
  if (!command.verb.starts_with("chaos_")) return;
  const bool isDone = command.state == Command::State::Done;
  if (command.verb == "chaos_list") {
    m_isAsked = false;
    if (isDone && toStd(textOf(command.args, "topology")) == topology()) takeFaults(readFaults(command.answer));
    return;
  }
  Q_EMIT hint(isDone ? tr("%1: done").arg(command.title) : tr("%1: %2").arg(command.title, command.message));
  if (command.verb != "chaos_inject" || !m_trial) return;
  if (isDone) {
    m_trial->setId(countOf(command.answer, "id"));
  } else {
    m_trial.reset();
    m_panel->tell(command.message);
  }
}

void ChaosDesk::takeFaults(const std::vector<FaultNote>& faults) {
  auto* history = m_engine.session().historyOf(topology());
  std::map<std::uint64_t, bool> before;
  for (const auto& f : m_faults) before[f.id] = f.isActive();
  bool isAnyActive = false;
  for (const auto& f : faults) {
    const auto known = before.find(f.id);
    const bool wasActive = known != before.end() && known->second;
    isAnyActive = isAnyActive || f.isActive();
    const auto title = QStringLiteral("%1 %2").arg(f.id).arg(f.title());
    if (history != nullptr && known == before.end()) history->markFault(title, now() - f.ageMs / 1000, false);
    if (history != nullptr && !f.isActive() && (wasActive || known == before.end())) {
      history->markFault(title, now(), true);
    }
    if (m_trial && m_trial->id() == f.id && m_trialTopology == topology()) m_trial->observe(f, now());
  }
  m_faults = faults;
  m_panel->setFaults(faults);
  m_engine.setFaults(faults);
  // Asked for while there is something to see.
  if (!isAnyActive && (!m_trial || m_isToldOfEnd)) m_poll.stop();
}

void ChaosDesk::observe() {
  const auto* run = m_engine.figures();
  if (!m_trial || m_isToldOfEnd || run == nullptr || m_trialTopology != topology()) return;
  m_trial->observe(*run, now());
  if (!m_trial->isOver()) return;
  m_isToldOfEnd = true;
  m_panel->showCard(m_trial->card(), ChaosPanel::CardOf::Fault);
  Q_EMIT shown();
}

void ChaosDesk::exportTrial() {
  if (!m_trial) return;
  const auto path = QFileDialog::getSaveFileName(m_panel, tr("Export as an experiment"),
                                                 QStringLiteral("experiment.json"), tr("Experiments (*.json)"));
  if (path.isEmpty()) return;
  const auto text = toExperiment(m_trial->wish(), targetOf(*m_tab)).dump(2) + "\n";
  const auto written = writeFile(path, QByteArray::fromStdString(text));
  Q_EMIT hint(written ? tr("written to %1").arg(path) : toQt(written.error().message));
}

}  // namespace millrace::workbench
