#include "panels/savepoint_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/figures.hpp"
#include "core/json_reading.hpp"
#include "panels/question.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds lookInterval{300};

}  // namespace

SavepointPanel::SavepointPanel(QWidget* parent)
    : QWidget{parent},
      m_accepts{new QCheckBox{tr("&accept duplicates")}},
      m_label{new QLineEdit},
      m_list{new QTreeWidget},
      m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  m_label->setPlaceholderText(tr("label, such as: before the new rules"));
  m_label->setAccessibleName(tr("Label of the next savepoint"));
  row->addWidget(m_label, 1);
  const auto addButton = [row](const QString& words) {
    auto* button = new QPushButton{words};
    row->addWidget(button);
    return button;
  };
  connect(addButton(tr("&Take")), &QPushButton::clicked, this, &SavepointPanel::takeSavepoint);
  connect(addButton(tr("&Start from it")), &QPushButton::clicked, this, &SavepointPanel::startFromCurrent);
  m_accepts->setToolTip(tr("Sinks that cannot take output back may write some of it a second time"));
  row->addWidget(m_accepts);
  connect(addButton(tr("&Delete")), &QPushButton::clicked, this, &SavepointPanel::deleteCurrent);
  connect(addButton(tr("&Refresh")), &QPushButton::clicked, this, &SavepointPanel::refresh);
  connect(m_label, &QLineEdit::returnPressed, this, &SavepointPanel::takeSavepoint);
  m_list->setRootIsDecorated(false);
  m_list->setHeaderLabels({tr("Savepoint"), tr("Label"), tr("Epoch"), tr("Size"), tr("State")});
  m_list->header()->setStretchLastSection(false);
  m_list->header()->setSectionResizeMode(1, QHeaderView::Stretch);
  m_list->setColumnWidth(0, 180);
  m_list->setAccessibleName(tr("Savepoints"));
  m_message->setForegroundRole(QPalette::PlaceholderText);
  m_message->setWordWrap(true);
  column->addLayout(row);
  column->addWidget(m_list, 1);
  column->addWidget(m_message);
  m_look.setSingleShot(true);
  m_look.setInterval(lookInterval);
  connect(&m_look, &QTimer::timeout, this, &SavepointPanel::refresh);
  setTopology({});
}

void SavepointPanel::setTopology(const std::string& topology) {
  if (topology == m_topology && !topology.empty()) return;
  m_topology = topology;
  m_taken.clear();
  m_look.stop();
  m_list->clear();
  // Not the panel itself, which takes the keyboard also when it has nothing to show.
  for (auto* part : findChildren<QWidget*>(Qt::FindDirectChildrenOnly)) part->setEnabled(!topology.empty());
  m_message->setText(topology.empty() ? tr("nothing was deployed yet — press F5") : QString{});
  if (!topology.empty()) refresh();
}

QString SavepointPanel::current() const {
  return m_list->currentItem() == nullptr ? QString{} : m_list->currentItem()->text(0);
}

void SavepointPanel::takeSavepoint() {
  if (m_topology.empty()) return;
  json args{{"topology", m_topology}};
  if (!m_label->text().isEmpty()) args["label"] = toStd(m_label->text());
  Q_EMIT wanted("savepoint", args, tr("Savepoint of %1").arg(toQt(m_topology)));
  m_label->clear();
}

void SavepointPanel::startFromCurrent() {
  if (!current().isEmpty()) Q_EMIT startWanted(current(), m_accepts->isChecked());
}

void SavepointPanel::deleteCurrent() {
  if (current().isEmpty()) return;
  const auto label = m_list->currentItem()->text(1);
  askFirst(window(), tr("Delete a savepoint"),
           tr("Delete savepoint %1 of %2? Nothing brings it back.")
               .arg(label.isEmpty() ? current() : tr("%1 (%2)").arg(current(), label), toQt(m_topology)),
           tr("&Delete"), [this, topology = m_topology, savepoint = current()] {
             Q_EMIT wanted("savepoint_delete", {{"topology", topology}, {"savepoint", toStd(savepoint)}},
                           tr("Delete savepoint %1").arg(savepoint));
           });
}

void SavepointPanel::refresh() {
  if (!m_topology.empty()) Q_EMIT wanted("savepoint_list", {{"topology", m_topology}}, tr("Savepoints"));
}

void SavepointPanel::take(const Command& command) {
  if (!command.verb.starts_with("savepoint") || toStd(textOf(command.args, "topology")) != m_topology) return;
  if (command.state != Command::State::Done) {
    m_message->setText(tr("%1: %2").arg(command.title, command.message));
    return;
  }
  if (command.verb == "savepoint_list") {
    show(command.answer);
  } else {
    if (command.verb == "savepoint") m_taken = textOf(command.answer, "savepoint");
    m_message->setText(tr("%1: done").arg(command.title));
    refresh();
  }
}

/// Why there is none of the newest that was asked for here; empty: there is.
QString SavepointPanel::failureOf(const json& answer) const {
  for (const auto& failed : listOf(answer, "failed")) {
    if (!m_taken.isEmpty() && textOf(failed, "id") == m_taken) return textOf(failed, "problem");
  }
  return {};
}

void SavepointPanel::show(const json& answer) {
  const auto before = current();
  m_list->clear();
  for (const auto& savepoint : listOf(answer, "savepoints")) {
    if (!savepoint.is_object()) continue;
    const auto problem = textOf(savepoint, "problem");
    auto* item = new QTreeWidgetItem{
        m_list,
        {textOf(savepoint, "id"), textOf(savepoint, "label"), QString::number(numberOf(savepoint, "epoch"), 'f', 0),
         bytesText(numberOf(savepoint, "bytes")), problem.isEmpty() ? tr("whole") : problem}};
    if (item->text(0) == before) m_list->setCurrentItem(item);
  }
  if (m_list->currentItem() == nullptr) m_list->setCurrentItem(m_list->topLevelItem(0));
  if (!memberOf(answer, "under_way").empty()) {
    m_message->setText(tr("one is being written …"));
    m_look.start();
  } else if (const auto why = failureOf(answer); !why.isEmpty()) {
    m_message->setText(tr("Savepoint of %1: %2").arg(toQt(m_topology), why));
  } else if (m_list->topLevelItemCount() == 0) {
    m_message->setText(tr("there are none yet: Take makes one of the next snapshot"));
  } else {
    m_message->clear();
  }
}

}  // namespace millrace::workbench
