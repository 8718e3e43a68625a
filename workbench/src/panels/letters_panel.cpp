#include "panels/letters_panel.hpp"

#include <QDateTime>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "core/json_reading.hpp"
#include "panels/question.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr int idRole = Qt::UserRole, contentRole = Qt::UserRole + 1;
/// Of a request.
constexpr std::size_t idsMax = 1000;

QString timeOf(const json& j) {
  const auto ns = countOf(j, "at_ns");
  if (ns == 0) return {};
  return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(ns / 1'000'000)).toString(QStringLiteral("HH:mm:ss.zzz"));
}

}  // namespace

LettersPanel::LettersPanel(QWidget* parent)
    : QWidget{parent},
      m_state{new QComboBox},
      m_reason{new QLineEdit},
      m_list{new QTreeWidget},
      m_content{new QPlainTextEdit},
      m_match{new QLineEdit},
      m_with{new QLineEdit},
      m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  const auto addButton = [this, &row](const QString& words, auto act) {
    auto* button = new QPushButton{words};
    row->addWidget(button);
    connect(button, &QPushButton::clicked, this, act);
    return button;
  };
  m_state->addItem(tr("all states"));
  m_state->addItems({QStringLiteral("pending"), QStringLiteral("open"), QStringLiteral("fixed"),
                     QStringLiteral("requested"), QStringLiteral("queued"), QStringLiteral("replayed")});
  m_state->setAccessibleName(tr("Letters of this state"));
  m_reason->setPlaceholderText(tr("reason: no such|field '.*'"));
  m_reason->setAccessibleName(tr("Letters whose reason has this regular expression"));
  addButton(tr("Select &all"), [this] { m_list->selectAll(); });
  addButton(tr("Fix and re&play"), [this] { fix(true); });
  addButton(tr("&Fix"), [this] { fix(false); });
  addButton(tr("&Replay"), [this] { replay(); });
  addButton(tr("&Discard …"), [this] { discard(); });
  addButton(tr("Re&fresh"), [this] { refresh(); });
  m_message->setForegroundRole(QPalette::PlaceholderText);
  row->addWidget(m_message, 1);
  column->addLayout(row);
  row = new QHBoxLayout;
  row->addWidget(m_state);
  row->addWidget(m_reason, 1);
  m_more = addButton(tr("&More"), [this] { loadMore(false); });
  m_all = addButton(tr("A&ll of them"), [this] { loadMore(true); });
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
  connect(m_state, &QComboBox::activated, this, &LettersPanel::refresh);
  connect(m_reason, &QLineEdit::returnPressed, this, &LettersPanel::refresh);
  connect(m_list, &QTreeWidget::itemSelectionChanged, this, &LettersPanel::showContent);
  showContent();
  setTopology({});
}

void LettersPanel::setTopology(const std::string& topology) {
  if (topology == m_topology && !topology.empty()) return;
  m_topology = topology;
  m_actor.clear();
  m_asked = nullptr;
  m_next.clear();
  m_list->clear();
  m_content->clear();
  // Not the panel itself, which takes the keyboard also when it has nothing to show.
  for (auto* part : findChildren<QWidget*>(Qt::FindDirectChildrenOnly)) part->setEnabled(!topology.empty());
  m_more->setEnabled(false);
  m_all->setEnabled(false);
  m_message->setText(topology.empty() ? tr("nothing was deployed yet — press F5") : QString{});
}

void LettersPanel::setActor(const std::string& actor) {
  m_actor = actor;
  refresh();
}

void LettersPanel::refresh() {
  m_isLoadingAll = false;
  askForPage({});
}

void LettersPanel::loadMore(bool isAll) {
  m_isLoadingAll = isAll;
  if (!m_next.isEmpty()) askForPage(m_next);
}

void LettersPanel::askForPage(const QString& after) {
  if (m_topology.empty()) return;
  json args{{"topology", m_topology}};
  if (!m_actor.empty()) args["actor"] = m_actor;
  if (m_state->currentIndex() > 0) args["state"] = toStd(m_state->currentText());
  if (!m_reason->text().isEmpty()) args["reason"] = toStd(m_reason->text());
  if (!after.isEmpty()) args["after"] = toStd(after);
  m_asked = args;
  Q_EMIT wanted("deadletter_list", args, tr("Dead letters"));
}

json LettersPanel::chosen() {
  auto ids = json::array();
  for (const auto* item : m_list->selectedItems()) ids.push_back(toStd(item->data(0, idRole).toString()));
  if (ids.empty()) m_message->setText(tr("select letters first"));
  return ids;
}

void LettersPanel::act(const char* verb, const QString& title, const std::string& topology, const json& ids) {
  for (std::size_t first = 0; first < ids.size(); first += idsMax) {
    const auto end = std::min(first + idsMax, ids.size());
    const json page(json::array_t{ids.begin() + static_cast<std::ptrdiff_t>(first),
                                  ids.begin() + static_cast<std::ptrdiff_t>(end)});
    Q_EMIT wanted(verb, {{"topology", topology}, {"ids", page}}, title);
  }
}

void LettersPanel::replay() {
  act("deadletter_replay", tr("Replay"), m_topology, chosen());
}

void LettersPanel::discard() {
  auto ids = chosen();
  if (ids.empty()) return;
  askFirst(window(), tr("Discard dead letters"),
           tr("Discard %1 of %2? What they hold is gone for good.")
               .arg(ids.size() == 1 ? tr("1 dead letter") : tr("%1 dead letters").arg(ids.size()), toQt(m_topology)),
           tr("&Discard"),
           [this, topology = m_topology, ids] { act("deadletter_discard", tr("Discard"), topology, ids); });
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
  for (std::size_t first = 0; first < letters->size(); first += idsMax) {
    auto fixes = json::array();
    for (auto i = first; i < std::min(first + idsMax, letters->size()); ++i) {
      fixes.push_back({{"id", toStd((*letters)[i].id)}, {"content", toStd((*letters)[i].content)}});
    }
    const json args{{"topology", m_topology}, {"fixes", std::move(fixes)}};
    std::erase(m_replays, args);
    if (isReplayed) m_replays.push_back(args);
    Q_EMIT wanted("deadletter_fix", args, tr("Fix"));
  }
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
  if (!command.verb.starts_with("deadletter_")) return;
  const auto topology = toStd(textOf(command.args, "topology"));
  const bool isDone = command.state == Command::State::Done;
  if (command.verb == "deadletter_fix" && std::erase(m_replays, command.args) > 0 && isDone) {
    // Whatever is in front by now.
    auto ids = json::array();
    for (const auto& fixed : listOf(command.args, "fixes")) ids.push_back(memberOf(fixed, "id"));
    act("deadletter_replay", tr("Replay"), topology, ids);
    return;
  }
  if (topology != m_topology) return;
  if (command.verb == "deadletter_list") {
    // Answers to what was asked before are of no interest any more.
    if (command.args != m_asked) return;
    m_asked = nullptr;
    if (isDone) show(command.answer, memberOf(command.args, "after").is_null());
  }
  if (!isDone) {
    m_message->setText(tr("%1: %2").arg(command.title, command.message));
  } else if (command.verb != "deadletter_list") {
    m_message->setText(tr("%1: done").arg(command.title));
    refresh();
  }
}

void LettersPanel::show(const json& answer, bool isFirst) {
  if (isFirst) m_list->clear();
  m_pages = isFirst ? 1 : m_pages + 1;
  for (const auto& letter : listOf(answer, "letters")) {
    if (!letter.is_object()) continue;
    auto* item = new QTreeWidgetItem{
        m_list, {timeOf(letter), textOf(letter, "actor"), textOf(letter, "state"), textOf(letter, "reason")}};
    const auto fix = anyTextOf(memberOf(letter, "fix"));
    item->setData(0, idRole, textOf(letter, "id"));
    item->setData(0, contentRole, fix.isEmpty() ? anyTextOf(memberOf(letter, "content")) : fix);
    item->setToolTip(3, textOf(letter, "reason"));
  }
  m_next = textOf(answer, "next");
  const bool mayGoOn = !m_next.isEmpty() && m_pages < pagesMax;
  m_more->setEnabled(mayGoOn);
  m_all->setEnabled(mayGoOn);
  const auto count = m_list->topLevelItemCount();
  m_message->setText(!m_next.isEmpty() ? mayGoOn ? tr("the first %1, and there are more").arg(count)
                                                 : tr("the first %1: deal with these, or narrow the reason").arg(count)
                     : count == 0 ? tr("there are none")
                                       : tr("%1 letters").arg(count));
  if (m_isLoadingAll && mayGoOn) askForPage(m_next);
}

}  // namespace millrace::workbench
