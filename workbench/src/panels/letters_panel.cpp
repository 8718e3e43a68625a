#include "panels/letters_panel.hpp"

#include <QDateTime>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr int idRole = Qt::UserRole, contentRole = Qt::UserRole + 1;

QString timeOf(const json& j) {
  const auto ns = countOf(j, "at_ns");
  if (ns == 0) return {};
  return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(ns / 1'000'000)).toString(QStringLiteral("HH:mm:ss.zzz"));
}

}  // namespace

LettersPanel::LettersPanel(QWidget* parent)
    : QWidget{parent},
      m_list{new QTreeWidget},
      m_content{new QPlainTextEdit},
      m_match{new QLineEdit},
      m_with{new QLineEdit},
      m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  const auto addButton = [this, row](const QString& words, auto act) {
    auto* button = new QPushButton{words};
    row->addWidget(button);
    connect(button, &QPushButton::clicked, this, act);
  };
  addButton(tr("Select &all"), [this] { m_list->selectAll(); });
  addButton(tr("Fix and re&play"), [this] { fix(true); });
  addButton(tr("&Fix"), [this] { fix(false); });
  addButton(tr("&Replay"), [this] { act("deadletter_replay", tr("Replay")); });
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
  m_content->setAccessibleName(tr("Content of the letter"));
  m_content->setTabChangesFocus(true);
  auto* halves = new QSplitter{Qt::Horizontal};
  halves->addWidget(m_list);
  m_match->setPlaceholderText(tr("or find: ,(\\d+),(\\d+)"));
  m_match->setAccessibleName(tr("Find in all selected letters"));
  m_with->setPlaceholderText(tr("replace by: ,$1.$2"));
  m_with->setAccessibleName(tr("Replace by"));
  auto* mending = new QWidget;
  auto* side = new QVBoxLayout{mending};
  side->setContentsMargins(0, 0, 0, 0);
  side->addWidget(m_content, 1);
  auto* replacing = new QHBoxLayout;
  replacing->addWidget(m_match);
  replacing->addWidget(m_with);
  side->addLayout(replacing);
  halves->addWidget(mending);
  halves->setStretchFactor(0, 3);
  halves->setStretchFactor(1, 2);
  column->addLayout(row);
  column->addWidget(halves, 1);
  connect(m_list, &QTreeWidget::itemSelectionChanged, this, &LettersPanel::showContent);
  showContent();
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

std::vector<LetterNote> LettersPanel::chosenLetters() const {
  std::vector<LetterNote> letters;
  for (const auto* item : m_list->selectedItems()) {
    letters.push_back({item->data(0, idRole).toString(), item->data(0, contentRole).toString()});
  }
  return letters;
}

void LettersPanel::fix(bool isReplayed) {
  const auto letters = mended(chosenLetters(), {m_content->toPlainText(), m_match->text(), m_with->text()});
  if (!letters) {
    m_message->setText(toQt(letters.error().message));
    return;
  }
  auto fixes = json::array();
  for (const auto& letter : *letters) fixes.push_back({{"id", toStd(letter.id)}, {"content", toStd(letter.content)}});
  m_isReplayed = isReplayed;
  Q_EMIT wanted("deadletter_fix", {{"topology", m_topology}, {"fixes", std::move(fixes)}}, tr("Fix"));
}

void LettersPanel::showContent() {
  const auto letters = chosenLetters();
  const bool isOne = letters.size() == 1;
  m_content->setEnabled(!letters.empty());
  m_content->setPlainText(isOne ? letters.front().content : QString{});
  m_content->setPlaceholderText(letters.empty()
                                    ? tr("content of the letter; changed here, Fix keeps it")
                                    : tr("members to set in all %1 letters: {\"amount\": 12.5}").arg(letters.size()));
}

void LettersPanel::take(const Command& command) {
  if (!command.verb.starts_with("deadletter_") || toStd(textOf(command.args, "topology")) != m_topology) return;
  if (command.state != Command::State::Done) {
    if (command.verb == "deadletter_fix") m_isReplayed = false;
    m_message->setText(tr("%1: %2").arg(command.title, command.message));
    return;
  }
  if (command.verb == "deadletter_list") {
    show(command.answer);
    return;
  }
  if (command.verb == "deadletter_fix" && m_isReplayed) {
    m_isReplayed = false;
    auto ids = json::array();
    for (const auto& fixed : listOf(command.args, "fixes")) ids.push_back(memberOf(fixed, "id"));
    Q_EMIT wanted("deadletter_replay", {{"topology", m_topology}, {"ids", std::move(ids)}}, tr("Replay"));
    return;
  }
  m_message->setText(tr("%1: done").arg(command.title));
  refresh();
}

void LettersPanel::show(const json& answer) {
  m_list->clear();
  const auto& letters = listOf(answer, "letters");
  for (const auto& letter : letters) {
    if (!letter.is_object()) continue;
    auto* item = new QTreeWidgetItem{
        m_list, {timeOf(letter), textOf(letter, "actor"), textOf(letter, "state"), textOf(letter, "reason")}};
    const auto fix = anyTextOf(memberOf(letter, "fix"));
    item->setData(0, idRole, textOf(letter, "id"));
    item->setData(0, contentRole, fix.isEmpty() ? anyTextOf(memberOf(letter, "content")) : fix);
    item->setToolTip(3, textOf(letter, "reason"));
  }
  const bool hasMore = !textOf(answer, "next").isEmpty();
  m_message->setText(letters.empty() ? tr("there are none")
                     : hasMore       ? tr("the first %1").arg(letters.size())
                                     : tr("%1 letters").arg(letters.size()));
}

}  // namespace millrace::workbench
