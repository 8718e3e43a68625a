#include "panels/chaos_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

/// Shapes beside colours; all of them are in the workbench's own font.
QString signOf(Health health) {
  static const QStringList signs{QStringLiteral("○"), QStringLiteral("●"), QStringLiteral("▲"), QStringLiteral("■")};
  return signs[static_cast<qsizetype>(health)];
}

void showAll(const QList<QPushButton*>& buttons, bool isShown) {
  for (auto* button : buttons) button->setVisible(isShown);
}

}  // namespace

ChaosPanel::ChaosPanel(QWidget* parent) : QWidget{parent} {
  auto* row = new QHBoxLayout{this};
  row->setContentsMargins(8, 4, 8, 4);
  row->setSpacing(16);
  row->addWidget(makeFaults(), 3);
  row->addWidget(makeCard(), 4);
  tell(tr("Select an actor or a wire and press X: what happens to the run is judged here."));
}

QWidget* ChaosPanel::makeFaults() {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout{side};
  column->setContentsMargins(0, 0, 0, 0);
  auto* buttons = new QHBoxLayout;
  const auto addButton = [buttons](const QString& words) {
    auto* button = new QPushButton{words};
    buttons->addWidget(button);
    return button;
  };
  connect(addButton(tr("&Inject …")), &QPushButton::clicked, this, &ChaosPanel::injectWanted);
  connect(addButton(tr("&Clear")), &QPushButton::clicked, this, [this] {
    if (const auto* item = m_faults->currentItem()) Q_EMIT clearWanted(item->data(0, Qt::UserRole).toULongLong());
  });
  connect(addButton(tr("&Stop all")), &QPushButton::clicked, this, &ChaosPanel::stopWanted);
  connect(addButton(tr("&Run an experiment …")), &QPushButton::clicked, this, &ChaosPanel::experimentWanted);
  buttons->addStretch(1);
  m_faults = new QTreeWidget;
  m_faults->setRootIsDecorated(false);
  m_faults->setHeaderLabels({tr("Fault"), tr("Target"), tr("State"), tr("Strikes"), tr("Left")});
  m_faults->header()->setStretchLastSection(false);
  m_faults->header()->setSectionResizeMode(1, QHeaderView::Stretch);
  m_faults->setAccessibleName(tr("Faults"));
  column->addLayout(buttons);
  column->addWidget(m_faults, 1);
  return side;
}

QWidget* ChaosPanel::makeCard() {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout{side};
  column->setContentsMargins(0, 4, 0, 0);
  m_verdict = new QLabel;
  m_verdict->setFont(ownFont(15, true));
  m_lines = new QLabel;
  m_lines->setWordWrap(true);
  m_lines->setTextFormat(Qt::RichText);
  m_lines->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  m_lines->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  m_lines->setAccessibleName(tr("Verdict"));
  m_timeline = new TimelineView;
  m_steps = new QTreeWidget;
  m_steps->setRootIsDecorated(false);
  m_steps->setHeaderLabels({tr("At"), tr("What"), tr("Of"), tr("State")});
  m_steps->header()->setStretchLastSection(false);
  m_steps->header()->setSectionResizeMode(1, QHeaderView::Stretch);
  m_steps->setAccessibleName(tr("What the experiment does"));
  auto* buttons = new QHBoxLayout;
  const auto addButton = [this, buttons](QList<QPushButton*>& group, const QString& words,
                                         void (ChaosPanel::*wanted)()) {
    group << new QPushButton{words};
    connect(group.back(), &QPushButton::clicked, this, wanted);
    buttons->addWidget(group.back());
  };
  addButton(m_ofFault, tr("Run &again exactly"), &ChaosPanel::repeatWanted);
  addButton(m_ofFault, tr("&Design an experiment of it"), &ChaosPanel::designWanted);
  addButton(m_ofFault, tr("&Export …"), &ChaosPanel::exportWanted);
  addButton(m_ofExperiment, tr("Run &again exactly"), &ChaosPanel::runAgainWanted);
  addButton(m_ofExperiment, tr("&Show the report"), &ChaosPanel::reportWanted);
  addButton(m_ofExperiment, tr("Sa&ve the report …"), &ChaosPanel::saveReportWanted);
  addButton(m_ofRun, tr("Ca&ncel"), &ChaosPanel::cancelWanted);
  buttons->addStretch(1);
  column->addWidget(m_verdict);
  column->addWidget(m_timeline);
  column->addWidget(m_lines);
  column->addWidget(m_steps, 1);
  column->addStretch(0);
  column->addLayout(buttons);
  return side;
}

void ChaosPanel::setFaults(const std::vector<FaultNote>& faults) {
  const auto* current = m_faults->currentItem();
  const auto currentId = current == nullptr ? 0 : current->data(0, Qt::UserRole).toULongLong();
  m_faults->clear();
  for (const auto& f : faults) {
    const auto strikes =
        f.hitsMax == 0 ? QString::number(f.hits) : QStringLiteral("%1 of %2").arg(f.hits).arg(f.hitsMax);
    auto* item = new QTreeWidgetItem{
        m_faults, {f.kind, f.target, f.state, strikes, f.isActive() ? millisecondsText(f.leftMs) : QString{}}};
    item->setData(0, Qt::UserRole, QVariant::fromValue<quint64>(f.id));
    if (f.id == currentId) m_faults->setCurrentItem(item);
  }
  if (m_faults->currentItem() == nullptr) m_faults->setCurrentItem(m_faults->topLevelItem(0));
}

void ChaosPanel::repaintAll() {
  if (!m_card.verdict.isEmpty()) showCard(VerdictCard{m_card}, m_cardOf);
}

void ChaosPanel::setTitle(Health health, const QString& text) {
  auto colours = m_verdict->palette();
  colours.setColor(QPalette::WindowText, health == Health::Idle ? Theme::current().text : Theme::current().of(health));
  m_verdict->setPalette(colours);
  m_verdict->setText(text);
  m_verdict->show();
}

void ChaosPanel::showCard(const VerdictCard& card, CardOf what) {
  m_card = card;
  m_cardOf = what;
  const auto& theme = Theme::current();
  setTitle(card.health, tr("%1 %2  %3").arg(signOf(card.health), card.verdict, card.title));
  QString lines;
  for (const auto& line : card.lines) {
    lines += QStringLiteral("<p style='margin:2px'><span style='color:%1'>%2</span>&nbsp; %3</p>")
                 .arg(theme.of(line.health).name(), signOf(line.health), line.text.toHtmlEscaped());
  }
  m_lines->setText(lines);
  // What an experiment went through stays to be seen above what came of it.
  m_timeline->setVisible(what == CardOf::Experiment);
  m_steps->hide();
  showAll(m_ofFault, what == CardOf::Fault);
  showAll(m_ofExperiment, what == CardOf::Experiment);
  showAll(m_ofRun, false);
}

void ChaosPanel::showProgress(const ExperimentProgress& progress, double elapsedS, bool isCancelled) {
  m_card = {};
  const auto title = progress.title().isEmpty() ? tr("The experiment begins …") : progress.title();
  setTitle(Health::Idle, isCancelled ? tr("Cancelled: %1").arg(title) : title);
  // How long the input lasts is known to nobody before.
  const bool isMoreKnown = progress.expectedS() > elapsedS + 0.1;
  QStringList words{isMoreKnown
                        ? tr("%1 of at least %2")
                              .arg(millisecondsText(elapsedS * 1000), millisecondsText(progress.expectedS() * 1000))
                        : tr("%1 so far").arg(millisecondsText(elapsedS * 1000))};
  if (const auto most = progress.abortAfterS()) words << tr("at most %1").arg(millisecondsText(*most * 1000));
  if (!progress.figures().isEmpty()) words << progress.figures();
  if (isCancelled) words << tr("rolling back");
  m_lines->setText(words.join(QStringLiteral("  ·  ")).toHtmlEscaped());
  m_timeline->setProgress(progress, elapsedS);
  m_timeline->show();
  const auto& steps = progress.steps();
  if (m_steps->topLevelItemCount() > static_cast<int>(steps.size())) m_steps->clear();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto* item = m_steps->topLevelItem(static_cast<int>(i));
    const bool isNew = item == nullptr;
    if (isNew) item = new QTreeWidgetItem{m_steps};
    const auto& s = steps[i];
    item->setText(0, QStringLiteral("%1 s").arg(s.atS, 0, 'f', 1));
    item->setText(1, s.what);
    item->setText(2, s.part);
    item->setText(3, s.state);
    item->setIcon(3, healthIcon(s.health));
    if (isNew) m_steps->scrollToItem(item);
  }
  m_steps->show();
  showAll(m_ofFault, false);
  showAll(m_ofExperiment, false);
  showAll(m_ofRun, true);
  m_ofRun.front()->setEnabled(!isCancelled);
}

void ChaosPanel::tell(const QString& text) {
  m_card = {};
  m_verdict->hide();
  m_verdict->clear();
  m_timeline->hide();
  m_steps->hide();
  m_lines->setText(text.toHtmlEscaped());
  for (const auto& group : {m_ofFault, m_ofExperiment, m_ofRun}) showAll(group, false);
}

}  // namespace millrace::workbench
