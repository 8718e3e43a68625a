#include "panels/status_line.hpp"

#include <QHBoxLayout>
#include <algorithm>
#include <cmath>

#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

struct EngineWords {
  Health health;
  QString text;
};

EngineWords wordsOf(const EngineSession& session) {
  const auto& target = session.target();
  const auto name = target.isEmbedded() ? StatusLine::tr("engine") : target.name;
  using State = EngineSession::State;
  const auto age = session.ageMs().value_or(0);
  switch (session.state()) {
    case State::Off:
      return {Health::Idle, StatusLine::tr("engine off")};
    case State::Starting:
      return {Health::Idle, target.isEmbedded() ? StatusLine::tr("starting the engine …")
                                                : StatusLine::tr("connecting to %1 …").arg(name)};
    case State::Connected:
      return {Health::Ok,
              StatusLine::tr("connected  %1 Hz  age %2 ms").arg(std::lround(session.figuresPerS())).arg(age)};
    case State::Stale:
      return {Health::Warning,
              StatusLine::tr("stale: no figures for %1").arg(millisecondsText(static_cast<double>(age)))};
    case State::Lost:
      return {Health::Critical, StatusLine::tr("%1 lost").arg(name)};
  }
  return {};
}

/// State, and how far the slowest is behind.
QString runWords(const RunFigures* run) {
  if (run == nullptr) return StatusLine::tr("not running");
  double backlog = 0, behind = 0;
  for (const auto& [name, f] : run->actors) {
    backlog += f.backlog.value_or(0);
    behind = std::max(behind, f.behindMs.value_or(0));
  }
  auto text = run->state;
  if (!run->isActive()) return text;
  if (backlog > 0) text += StatusLine::tr("  lag %1 events").arg(countText(backlog));
  if (behind >= 1) text += StatusLine::tr("  behind %1").arg(millisecondsText(behind));
  return text;
}

}  // namespace

StatusLine::StatusLine(QWidget* parent) : QWidget{parent} {
  auto* layout = new QHBoxLayout{this};
  layout->setContentsMargins(0, 0, 10, 0);
  m_glyph = new QLabel{this};
  layout->addWidget(m_glyph);
  layout->setSpacing(8);
  m_engine = addLabel(tr("Engine"));
  // As wide as its longest usual text, so that nothing jumps ten times a second.
  m_engine->setMinimumWidth(m_engine->fontMetrics().horizontalAdvance(tr("connected  10 Hz  age 9999 ms")) + 12);
  m_run = addLabel(tr("Run"));
  m_why = new QPushButton{tr("why?"), this};
  m_why->setFlat(true);
  m_why->setToolTip(tr("What holds the run up (Ctrl+Shift+D)"));
  layout->addWidget(m_why);
  connect(m_why, &QPushButton::clicked, this, &StatusLine::whyAsked);
  m_others = new QPushButton{this};
  m_others->setFlat(true);
  m_others->setToolTip(tr("What else runs there, to be stopped (Ctrl+Shift+F6)"));
  m_others->hide();
  layout->addWidget(m_others);
  connect(m_others, &QPushButton::clicked, this, &StatusLine::othersAsked);
  m_deployed = addLabel(tr("Deployment"));
  m_saved = addLabel(tr("File"));
}

QLabel* StatusLine::addLabel(const QString& name) {
  auto* label = new QLabel{this};
  label->setAccessibleName(name);
  label->setContentsMargins(0, 0, 12, 0);
  layout()->addWidget(label);
  return label;
}

/// Runs that nobody sees are not forgotten: of closed tabs, of topologies that have another name now, of other people.
void StatusLine::showOthers(const EngineSession& session, const std::string& topology) {
  const auto* runs = session.runs();
  const auto count = runs == nullptr ? 0 : std::ranges::count_if(*runs, [&](const auto& run) {
    return run.first != topology && run.second.isActive();
  });
  m_others->setText(count == 1 ? tr("1 other run") : tr("%1 other runs").arg(count));
  m_others->setVisible(count > 0);
}

void StatusLine::show(const EngineSession& session, const Document& document) {
  const auto words = wordsOf(session);
  m_glyph->setPixmap(healthIcon(words.health).pixmap(12, 12));
  const auto pending = session.state() == EngineSession::State::Connected ? 0 : session.pendingCommands();
  m_engine->setText(pending == 0 ? words.text : tr("%1, %2 pending").arg(words.text).arg(pending));
  m_engine->setToolTip(session.message());
  const auto* run = session.run(document.spec().name);
  m_run->setText(runWords(run));
  m_why->setVisible(run != nullptr && run->isActive());
  showOthers(session, document.spec().name);
  m_run->setToolTip(run == nullptr ? QString{} : run->message);
  const auto differs = session.differsFromDeployed(document);
  m_deployed->setText(!differs ? QString{} : *differs ? tr("differs from deployed") : tr("as deployed"));
  m_deployed->setVisible(differs.has_value());
  m_saved->setText(document.isModified() ? tr("unsaved changes") : document.path().isEmpty() ? tr("new") : tr("saved"));
}

}  // namespace millrace::workbench
