#include "panels/letters_panel.hpp"

#include <QDateTime>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr int idRole = Qt::UserRole, contentRole = Qt::UserRole + 1;

QString textOf(const json& j, const char* name) {
  const auto at = j.find(name);
  if (at == j.end() || at->is_null()) return {};
  return at->is_string() ? toQt(at->get<std::string>()) : toQt(at->dump());
}

QString timeOf(const json& j) {
  const auto at = j.find("at_ns");
  if (at == j.end() || !at->is_number()) return {};
  return QDateTime::fromMSecsSinceEpoch(at->get<std::int64_t>() / 1'000'000).toString(QStringLiteral("HH:mm:ss.zzz"));
}

}  // namespace

LettersPanel::LettersPanel(QWidget* parent)
    : QWidget{parent}, m_list{new QTreeWidget}, m_content{new QPlainTextEdit}, m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  const auto addButton = [this, row](const QString& words, auto act) {
    auto* button = new QPushButton{words};
    row->addWidget(button);
    connect(button, &QPushButton::clicked, this, act);
  };
  addButton(tr("Select &all"), [this] { m_list->selectAll(); });
  addButton(tr("&Replay"), [this] { act("deadletter_replay", tr("Replay")); });
  addButton(tr("&Fix"), [this] { fix(); });
  addButton(tr("&Discard"), [this] { act("deadletter_discard", tr("Discard")); });
  addButton(tr("Re&fresh"), [this] { refresh(); });
  m_message->setForegroundRole(QPalette::PlaceholderText);
  row->addWidget(m_message, 1);
  m_list->setRootIsDecorated(false);
  m_list->setUniformRowHeights(true);
  m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_list->setHeaderLabels({tr("Time"), tr("Actor"), tr("State"), tr("Reason")});
  m_list->header()->setStretchLastSection(true);
  m_list->setAccessibleName(tr("Dead letters"));
  m_content->setPlaceholderText(tr("content of the letter; changed here, Fix keeps it"));
  m_content->setAccessibleName(tr("Content of the letter"));
  m_content->setTabChangesFocus(true);
  auto* halves = new QSplitter{Qt::Horizontal};
  halves->addWidget(m_list);
  halves->addWidget(m_content);
  halves->setStretchFactor(0, 3);
  halves->setStretchFactor(1, 2);
  column->addLayout(row);
  column->addWidget(halves, 1);
  connect(m_list, &QTreeWidget::itemSelectionChanged, this, &LettersPanel::showContent);
  setTopology({});
}

void LettersPanel::setTopology(const std::string& topology) {
  if (topology == m_topology && !topology.empty()) return;
  m_topology = topology;
  m_actor.clear();
  m_list->clear();
  m_content->clear();
  // Not the panel itself, which takes the keyboard also when it has nothing to show.
  for (auto* part : findChildren<QWidget*>(Qt::FindDirectChildrenOnly)) part->setEnabled(!topology.empty());
  m_message->setText(topology.empty() ? tr("nothing was deployed yet — press F5") : QString{});
}

void LettersPanel::setActor(const std::string& actor) {
  m_actor = actor;
  refresh();
}

void LettersPanel::refresh() {
  if (m_topology.empty()) return;
  json args{{"topology", m_topology}};
  if (!m_actor.empty()) args["actor"] = m_actor;
  Q_EMIT wanted("deadletter_list", args, tr("Dead letters"));
}

json LettersPanel::chosen() const {
  auto ids = json::array();
  for (const auto* item : m_list->selectedItems()) ids.push_back(toStd(item->data(0, idRole).toString()));
  return ids;
}

void LettersPanel::act(const char* verb, const QString& title) {
  auto ids = chosen();
  if (ids.empty()) {
    m_message->setText(tr("select letters first"));
    return;
  }
  Q_EMIT wanted(verb, {{"topology", m_topology}, {"ids", std::move(ids)}}, title);
}

void LettersPanel::fix() {
  const auto items = m_list->selectedItems();
  if (items.size() != 1) {
    m_message->setText(tr("select the one letter whose content is mended"));
    return;
  }
  const json fixed{{"id", toStd(items.front()->data(0, idRole).toString())},
                   {"content", toStd(m_content->toPlainText())}};
  Q_EMIT wanted("deadletter_fix", {{"topology", m_topology}, {"fixes", json::array({fixed})}}, tr("Fix"));
}

void LettersPanel::showContent() {
  const auto items = m_list->selectedItems();
  m_content->setEnabled(items.size() == 1);
  m_content->setPlainText(items.size() == 1 ? items.front()->data(0, contentRole).toString() : QString{});
}

void LettersPanel::take(const Command& command) {
  if (!command.verb.starts_with("deadletter_") || command.args.value("topology", "") != m_topology) return;
  if (command.state != Command::State::Done) {
    m_message->setText(tr("%1: %2").arg(command.title, command.message));
    return;
  }
  if (command.verb == "deadletter_list") {
    show(command.answer);
    return;
  }
  m_message->setText(tr("%1: done").arg(command.title));
  refresh();
}

void LettersPanel::show(const json& answer) {
  m_list->clear();
  const auto letters = answer.value("letters", json::array());
  for (const auto& letter : letters) {
    if (!letter.is_object()) continue;
    auto* item = new QTreeWidgetItem{
        m_list, {timeOf(letter), textOf(letter, "actor"), textOf(letter, "state"), textOf(letter, "reason")}};
    const auto fix = textOf(letter, "fix");
    item->setData(0, idRole, textOf(letter, "id"));
    item->setData(0, contentRole, fix.isEmpty() ? textOf(letter, "content") : fix);
    item->setToolTip(3, textOf(letter, "reason"));
  }
  const bool hasMore = answer.contains("next") && !answer["next"].is_null();
  m_message->setText(letters.empty() ? tr("there are none")
                     : hasMore       ? tr("the first %1").arg(letters.size())
                                     : tr("%1 letters").arg(letters.size()));
}

}  // namespace millrace::workbench
