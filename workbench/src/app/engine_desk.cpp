#include "app/engine_desk.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "core/json_reading.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using State = EngineSession::State;

/// For ages and countdowns; figures come by themselves.
constexpr std::chrono::milliseconds tickInterval{250};

}  // namespace

EngineDesk::EngineDesk(QObject* parent)
    : QObject{parent},
      m_banner{new Banner},
      m_log{new LogPanel},
      m_diagnosis{new DiagnosePanel},
      m_difference{new DifferencePanel},
      m_status{new StatusLine} {
  connect(&m_session, &EngineSession::figuresChanged, this, &EngineDesk::showFigures);
  connect(&m_session, &EngineSession::stateChanged, this, &EngineDesk::showState);
  connect(&m_session, &EngineSession::logged, m_log, &LogPanel::add);
  connect(&m_session, &EngineSession::commandFinished, this, &EngineDesk::tell);
  connect(m_status, &StatusLine::whyAsked, this, &EngineDesk::diagnose);
  connect(m_banner, &Banner::acted, this, &EngineDesk::act);
  connect(&m_tick, &QTimer::timeout, this, [this] {
    if (m_session.state() == State::Lost) showState();
    showStatus();
  });
  m_tick.start(tickInterval);
}

/// What the banner's button stands for at this moment.
void EngineDesk::act() {
  if (m_session.state() == State::Lost) {
    m_session.retryNow();
  } else if (!m_failure.isEmpty()) {
    m_failure.clear();
  } else if (!m_chaos.isEmpty()) {
    Q_EMIT chaosStopWanted();
  } else {
    setDifferencesShown(!m_areDifferencesShown);
  }
  showState();
}

void EngineDesk::setDifferencesShown(bool isShown) {
  m_areDifferencesShown = isShown;
  showDifferences();
  showState();
  Q_EMIT differencesShown(isShown);
}

void EngineDesk::showDifferences() {
  if (m_tab == nullptr) return;
  const auto* deployed = m_session.deployed(m_tab->document().spec().name);
  m_tab->scene().showDifferences(m_areDifferencesShown ? deployed : nullptr);
  if (deployed == nullptr) {
    m_difference->tell(tr("nothing was deployed yet — press F5"));
  } else {
    m_difference->setDifferences(differences(deployed->spec, m_tab->document().spec(), m_tab->scene().catalogue()));
  }
}

void EngineDesk::setFaults(const std::vector<FaultNote>& faults, const QStringList& elsewhere) {
  QStringList titles;
  std::set<std::string> actors;
  for (const auto& fault : faults) {
    if (!fault.isActive()) continue;
    titles << fault.title();
    for (const auto& actor : actorsOf(fault.target)) actors.insert(actor);
  }
  m_chaos = (titles + elsewhere).join(QStringLiteral(", "));
  if (m_tab != nullptr) m_tab->scene().showFaults(actors);
  showState();
}

void EngineDesk::setTab(DocumentTab* tab) {
  if (m_tab != nullptr && m_tab != tab) {
    m_tab->document().disconnect(this);
    // Figures are gone with the next ones, and nobody tells a canvas that is not looked at.
    m_tab->scene().showFigures(nullptr, false);
  }
  const bool isOther = tab != m_tab;
  m_tab = tab;
  if (tab != nullptr && isOther) {
    m_name = tab->document().spec().name;
    m_diagnosis->clear();
    connect(&tab->document(), &Document::changed, this, [this] {
      noteName();
      showDifferences();
      showState();
    });
  }
  showDifferences();
  showFigures();
  showState();
}

/// The engine knows a run by its name, which the drawing may not have any more.
void EngineDesk::noteName() {
  const auto before = std::exchange(m_name, m_tab->document().spec().name);
  if (before != m_name && isRunning(before)) {
    Q_EMIT hint(tr("the run goes on as %1: Run > All runs stops it").arg(toQt(before)));
  }
}

bool EngineDesk::isRunning(const std::string& topology) const {
  const auto* run = m_session.run(topology);
  return run != nullptr && run->isActive();
}

const RunFigures* EngineDesk::figures() const {
  return m_tab == nullptr ? nullptr : m_session.run(m_tab->document().spec().name);
}

bool EngineDesk::isStale() const {
  return m_session.state() == State::Stale || m_session.state() == State::Lost;
}

void EngineDesk::showFigures() {
  if (m_tab == nullptr) return;
  const auto* run = figures();
  m_tab->scene().showFigures(run != nullptr && !run->actors.empty() ? run : nullptr, isStale());
  showStatus();
  Q_EMIT figuresShown();
}

void EngineDesk::showState() {
  const auto* run = figures();
  if (m_session.state() == State::Lost) {
    const auto wait = m_session.retryMs();
    const auto next = wait > 0 ? tr("next attempt in %1 s").arg(std::ceil(wait / 100.0) / 10) : tr("trying now");
    m_banner->tell(
        Health::Warning,
        tr("%1 lost · %2 · last values kept, editing goes on · %3")
            .arg(m_session.target().isEmbedded() ? tr("Engine") : m_session.target().name, next, m_session.message()),
        tr("Try now"));
  } else if (!m_failure.isEmpty()) {
    m_banner->tell(Health::Critical, m_failure, tr("Close"));
  } else if (run != nullptr && run->state == QLatin1String("failed")) {
    m_banner->tell(Health::Critical, tr("%1 failed: %2").arg(toQt(m_tab->document().spec().name), run->message));
  } else if (!m_chaos.isEmpty()) {
    m_banner->tell(Health::Warning, tr("Chaos at work: %1").arg(m_chaos), tr("Stop all chaos"));
  } else if (run != nullptr && run->isActive() && m_session.differsFromDeployed(m_tab->document()).value_or(false)) {
    m_banner->tell(Health::Idle, tr("The drawing differs from what runs · F5 deploys it"),
                   m_areDifferencesShown ? tr("Hide differences") : tr("Show differences"));
  } else {
    m_banner->clear();
  }
  if (m_tab != nullptr) m_tab->scene().showFigures(run != nullptr && !run->actors.empty() ? run : nullptr, isStale());
  showStatus();
}

void EngineDesk::showStatus() {
  if (m_tab != nullptr) m_status->show(m_session, m_tab->document());
}

void EngineDesk::diagnose() {
  Q_EMIT diagnosed();
  if (figures() == nullptr) {
    m_diagnosis->tell(tr("it does not run: press F5"));
    return;
  }
  m_diagnosis->tell(tr("asking the engine …"));
  m_session.askWhy(m_tab->document().spec().name);
}

const RunHistory* EngineDesk::history() const {
  return m_tab == nullptr ? nullptr : m_session.history(m_tab->document().spec().name);
}

void EngineDesk::tell(const Command& command) {
  // Those who ask all the time tell by themselves what became of it.
  static constexpr std::array others{"chaos_", "tail_", "break_", "deadletter_", "savepoint", "logs"};
  if (std::ranges::any_of(others, [&](const char* prefix) { return command.verb.starts_with(prefix); })) return;
  static constexpr std::array polls{"node", "peer_list", "key_list", "audit"};
  if (std::ranges::any_of(polls, [&](const char* verb) { return command.verb == verb; })) return;
  if (command.verb == "plan" && command.state == Command::State::Done) return;
  if (command.verb == "why") {
    // Of a topology that is not in front any more: nobody would know whose culprit it is.
    if (textOf(command.args, "topology") != toQt(m_name)) return;
    if (command.state == Command::State::Done) {
      m_diagnosis->show(readDiagnosis(command.answer));
    } else {
      m_diagnosis->tell(command.message);
    }
    return;
  }
  m_failure.clear();
  switch (command.state) {
    case Command::State::Done:
      showDifferences();
      showState();
      Q_EMIT hint(tr("%1: done").arg(command.title));
      m_log->add(tr("%1: done").arg(command.title));
      return;
    case Command::State::Unknown:
      Q_EMIT hint(tr("%1: unknown, it may have been done; %2").arg(command.title, command.message));
      break;
    default:
      m_failure = tr("%1 failed: %2").arg(command.title, command.message);
      Q_EMIT hint(m_failure);
  }
  m_log->add(tr("%1: %2").arg(command.title, command.message));
  showState();
}

void EngineDesk::run() {
  if (m_tab == nullptr) return;
  if (m_tab->document().spec().actors.empty()) {
    Q_EMIT hint(tr("there is nothing to run yet: press Tab to add an actor"));
    return;
  }
  Q_EMIT hint(tr("Run %1: pending").arg(toQt(m_tab->document().spec().name)));
  m_session.runDocument(m_tab->document());
}

void EngineDesk::stop() {
  if (figures() == nullptr) {
    Q_EMIT hint(tr("it does not run"));
    return;
  }
  m_session.stopTopology(m_tab->document().spec().name);
}

void EngineDesk::takeSnapshot() {
  if (!isRunning(m_name)) {
    Q_EMIT hint(tr("it does not run: press F5"));
    return;
  }
  m_session.takeSnapshot(m_name);
}

}  // namespace millrace::workbench
