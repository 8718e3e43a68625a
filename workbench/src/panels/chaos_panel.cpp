#include "panels/chaos_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QVBoxLayout>

#include "canvas/theme.hpp"

namespace millrace::workbench {
namespace {

/// Shapes beside colours; all of them are in the workbench's own font.
QString signOf(Health health) {
  static const QStringList signs{QStringLiteral("○"), QStringLiteral("●"), QStringLiteral("▲"), QStringLiteral("■")};
  return signs[static_cast<qsizetype>(health)];
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
  m_repeat = new QPushButton{tr("Run &again exactly")};
  m_export = new QPushButton{tr("&Export …")};
  connect(m_repeat, &QPushButton::clicked, this, &ChaosPanel::repeatWanted);
  connect(m_export, &QPushButton::clicked, this, &ChaosPanel::exportWanted);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(m_repeat);
  buttons->addWidget(m_export);
  buttons->addStretch(1);
  column->addWidget(m_verdict);
  column->addWidget(m_lines, 1);
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
  if (!m_card.verdict.isEmpty()) showCard(VerdictCard{m_card}, m_canRepeat);
}

void ChaosPanel::showCard(const VerdictCard& card, bool canRepeat) {
  m_card = card;
  m_canRepeat = canRepeat;
  const auto& theme = Theme::current();
  auto colours = m_verdict->palette();
  colours.setColor(QPalette::WindowText, theme.of(card.health));
  m_verdict->setPalette(colours);
  m_verdict->setText(tr("%1 %2  %3").arg(signOf(card.health), card.verdict, card.title));
  m_verdict->show();
  QString lines;
  for (const auto& line : card.lines) {
    lines += QStringLiteral("<p style='margin:2px'><span style='color:%1'>%2</span>&nbsp; %3</p>")
                 .arg(theme.of(line.health).name(), signOf(line.health), line.text.toHtmlEscaped());
  }
  m_lines->setText(lines);
  m_repeat->setVisible(canRepeat);
  m_export->setVisible(canRepeat);
}

void ChaosPanel::tell(const QString& text) {
  m_card = {};
  m_verdict->hide();
  m_verdict->clear();
  m_lines->setText(text.toHtmlEscaped());
  m_repeat->hide();
  m_export->hide();
}

}  // namespace millrace::workbench
