#include "panels/run_log_panel.hpp"

#include <QDateTime>
#include <QVBoxLayout>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds interval{500};
constexpr int recordsAtOnce = 500;

Health levelOf(const QString& level) {
  if (level == QLatin1String("error")) return Health::Critical;
  if (level == QLatin1String("warning")) return Health::Warning;
  return level == QLatin1String("info") ? Health::Ok : Health::Idle;
}

Note noteOf(const json& record) {
  Note note;
  note.atMs = QDateTime::fromString(textOf(record, "at"), Qt::ISODateWithMs).toMSecsSinceEpoch();
  note.level = levelOf(textOf(record, "level"));
  note.text = textOf(record, "text");
  if (const auto actor = textOf(record, "actor"); !actor.isEmpty()) {
    note.from = QStringLiteral("%1/%2").arg(actor).arg(countOf(record, "partition"));
  }
  return note;
}

}  // namespace

RunLogPanel::RunLogPanel(QWidget* parent)
    : QWidget{parent},
      m_actor{new QComboBox},
      m_level{new QComboBox},
      m_follow{new QCheckBox{tr("&follow")}},
      m_view{new NotesView{m_model}},
      m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  m_actor->setAccessibleName(tr("Whose records"));
  m_actor->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  m_level->addItems(
      {QStringLiteral("debug"), QStringLiteral("info"), QStringLiteral("warning"), QStringLiteral("error")});
  m_level->setCurrentText(QStringLiteral("info"));
  m_level->setAccessibleName(tr("This level and worse"));
  m_follow->setChecked(true);
  m_message->setForegroundRole(QPalette::PlaceholderText);
  row->addWidget(m_actor);
  row->addWidget(m_level);
  row->addWidget(m_follow);
  row->addWidget(m_message, 1);
  m_view->setAccessibleName(tr("Log of the run"));
  column->addLayout(row);
  column->addWidget(m_view, 1);
  connect(m_actor, &QComboBox::currentTextChanged, this, &RunLogPanel::again);
  connect(m_level, &QComboBox::currentTextChanged, this, &RunLogPanel::again);
  connect(m_view, &NotesView::chosen, this, &RunLogPanel::chosen);
  connect(&m_tick, &QTimer::timeout, this, [this] {
    if (m_follow->isChecked()) ask();
  });
  m_tick.setInterval(interval);
  setTopology({}, {});
  again();
}

void RunLogPanel::setTopology(const std::string& topology, const std::vector<std::string>& actors) {
  QStringList names{tr("all actors")};
  for (const auto& actor : actors) names << toQt(actor);
  QStringList present;
  for (int i = 0; i < m_actor->count(); ++i) present << m_actor->itemText(i);
  if (topology == m_topology && names == present) return;
  const bool isOther = topology != m_topology;
  m_topology = topology;
  {
    const QSignalBlocker quiet{m_actor};
    const auto before = isOther ? QString{} : m_actor->currentText();
    m_actor->clear();
    m_actor->addItems(names);
    m_actor->setCurrentIndex(std::max(0, m_actor->findText(before)));
  }
  // Not the panel itself, which takes the keyboard also when it has nothing to show.
  for (auto* part : findChildren<QWidget*>(Qt::FindDirectChildrenOnly)) part->setEnabled(!topology.empty());
  if (isOther) again();
}

void RunLogPanel::again() {
  m_last = 0;
  m_asked = nullptr;
  m_model.clear();
  m_message->setText(m_topology.empty() ? tr("nothing was deployed yet — press F5") : QString{});
  ask();
}

void RunLogPanel::ask() {
  if (m_topology.empty() || !m_asked.is_null() || !isVisible()) return;
  json args{
      {"topology", m_topology}, {"after", m_last}, {"level", toStd(m_level->currentText())}, {"limit", recordsAtOnce}};
  if (m_actor->currentIndex() > 0) args["actor"] = toStd(m_actor->currentText());
  m_asked = args;
  Q_EMIT wanted("logs", args, tr("Log"));
}

void RunLogPanel::take(const Command& command) {
  // Answers to what was asked before are of no interest any more.
  if (command.verb != "logs" || command.args != m_asked) return;
  m_asked = nullptr;
  if (command.state != Command::State::Done) {
    m_message->setText(command.message);
    return;
  }
  const auto last = countOf(command.answer, "last");
  if (last < m_last) {
    // The engine was started anew and counts from one.
    again();
    return;
  }
  m_last = last;
  std::vector<Note> notes;
  for (const auto& record : listOf(command.answer, "records")) {
    if (record.is_object()) notes.push_back(noteOf(record));
  }
  m_model.append(std::move(notes));
  m_message->setText(m_model.rowCount() == 0 ? tr("it has said nothing of this level yet") : QString{});
}

void RunLogPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  m_tick.start();
  ask();
}

void RunLogPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  m_tick.stop();
}

}  // namespace millrace::workbench
