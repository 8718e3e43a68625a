#include "panels/access_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/json_reading.hpp"
#include "millrace/transport/key_file.hpp"
#include "panels/health_icon.hpp"
#include "panels/key_dialog.hpp"
#include "panels/question.hpp"
#include "panels/word_dialog.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr int entriesShown = 200;
// Columns with a sign.
constexpr int keyState = 4, entryOutcome = 5;

/// To the second, and without the letter between.
QString timeText(QString iso) {
  return iso.left(19).replace(QLatin1Char('T'), QLatin1Char(' '));
}

QTreeView* makeTable(QAbstractItemModel* model, const QString& name, std::initializer_list<int> widths) {
  auto* view = new QTreeView;
  view->setModel(model);
  view->setRootIsDecorated(false);
  view->setUniformRowHeights(true);
  view->setSelectionBehavior(QAbstractItemView::SelectRows);
  view->setAccessibleName(name);
  int column = 0;
  for (const int width : widths) view->setColumnWidth(column++, width);
  return view;
}

QLabel* makeMessage() {
  auto* label = new QLabel;
  label->setForegroundRole(QPalette::PlaceholderText);
  label->setWordWrap(true);
  return label;
}

}  // namespace

AccessPanel::AccessPanel(QObject* parent)
    : QObject{parent},
      m_keysPage{new QWidget},
      m_auditPage{new QWidget},
      m_keys{new RowsModel{{tr("Name"), tr("Role"), tr("Topologies"), tr("Made"), tr("State")}, this}},
      m_entries{new RowsModel{{tr("When"), tr("Who"), tr("What"), tr("Topology"), tr("Detail"), tr("Outcome")}, this}},
      m_keysView{makeTable(m_keys, tr("Keys"), {160, 90, 220, 160})},
      m_entriesView{makeTable(m_entries, tr("Audit log"), {160, 160, 140, 160, 240})},
      m_keysMessage{makeMessage()},
      m_auditMessage{makeMessage()} {
  m_keysView->setItemDelegateForColumn(keyState, new HealthDelegate{RowsModel::healthRole, this});
  m_entriesView->setItemDelegateForColumn(entryOutcome, new HealthDelegate{RowsModel::healthRole, this});
  makeKeysPage();
  makeAuditPage();
}

void AccessPanel::makeKeysPage() {
  auto* row = new QHBoxLayout;
  row->addWidget(m_keysMessage, 1);
  const auto addButton = [row](const QString& words) {
    auto* button = new QPushButton{words};
    row->addWidget(button);
    return button;
  };
  connect(addButton(tr("&Create …")), &QPushButton::clicked, this, [this] { askForKey(false); });
  connect(addButton(tr("&Invite …")), &QPushButton::clicked, this, [this] { askForKey(true); });
  connect(addButton(tr("Re&voke …")), &QPushButton::clicked, this, &AccessPanel::revokeCurrent);
  auto* column = new QVBoxLayout{m_keysPage};
  column->setContentsMargins(8, 4, 8, 4);
  column->addLayout(row);
  column->addWidget(m_keysView, 1);
}

void AccessPanel::makeAuditPage() {
  auto* row = new QHBoxLayout;
  row->addWidget(m_auditMessage, 1);
  auto* again = new QPushButton{tr("&Refresh")};
  connect(again, &QPushButton::clicked, this, [this] { refresh(false); });
  row->addWidget(again);
  auto* column = new QVBoxLayout{m_auditPage};
  column->setContentsMargins(8, 4, 8, 4);
  column->addLayout(row);
  column->addWidget(m_entriesView, 1);
}

void AccessPanel::setEnabled(bool isEnabled) {
  for (auto* page : {m_keysPage, m_auditPage}) {
    for (auto* button : page->findChildren<QPushButton*>()) button->setEnabled(isEnabled);
  }
}

void AccessPanel::clear() {
  m_keys->setRows({});
  m_entries->setRows({});
  m_keysMessage->clear();
  m_auditMessage->clear();
  m_new.clear();
}

void AccessPanel::refresh(bool areKeys) {
  if (areKeys) {
    Q_EMIT wanted("key_list", json::object(), tr("Keys"));
  } else {
    Q_EMIT wanted("audit", {{"limit", entriesShown}, {"verify", true}}, tr("Audit log"));
  }
}

void AccessPanel::askForKey(bool isInvitation) {
  auto* dialog = new KeyDialog{isInvitation, m_keysPage->window()};
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QDialog::accepted, this, [this, dialog, isInvitation] {
    if (!isInvitation) {
      createKey(dialog->name(), dialog->role(), dialog->topologies(), dialog->path());
      return;
    }
    json topologies = json::array();
    for (const auto& topology : dialog->topologies()) topologies.push_back(toStd(topology));
    Q_EMIT wanted("key_invite",
                  {{"name", toStd(dialog->name())}, {"role", toStd(dialog->role())}, {"topologies", topologies}},
                  tr("Invite %1").arg(dialog->name()));
  });
  dialog->open();
}

void AccessPanel::createKey(const QString& name, const QString& role, const QStringList& topologies,
                            const QString& path) {
  auto keys = transport::make_curve_keys();
  if (!keys) {
    m_keysMessage->setText(toQt(keys.error().message));
    return;
  }
  json list = json::array();
  for (const auto& topology : topologies) list.push_back(toStd(topology));
  json args{{"name", toStd(name)}, {"role", toStd(role)}, {"topologies", list}, {"public_key", keys->public_key}};
  m_new[name] = {path, *std::move(keys)};
  Q_EMIT wanted("key_create", args, tr("Create key %1").arg(name));
}

void AccessPanel::revokeCurrent() {
  const auto current = m_keysView->currentIndex();
  if (!current.isValid()) {
    m_keysMessage->setText(tr("choose the key that is to be revoked"));
    return;
  }
  const auto name = m_keys->at(current.row()).cells.front();
  askFirst(m_keysPage->window(), tr("Revoke a key"),
           tr("Revoke the key of %1? It is useless at once, on open connections too, and its name is never used again.")
               .arg(name),
           tr("&Revoke"), [this, name] {
             Q_EMIT wanted("key_revoke", {{"name", toStd(name)}}, tr("Revoke key %1").arg(name));
           });
}

void AccessPanel::take(const Command& command) {
  const bool isAudit = command.verb == "audit";
  if (!isAudit && !command.verb.starts_with("key_") && command.verb != "node_invite") return;
  auto* message = isAudit ? m_auditMessage : m_keysMessage;
  if (command.state != Command::State::Done) {
    if (command.verb == "key_create" && command.state == Command::State::Failed)
      m_new.erase(textOf(command.args, "name"));
    message->setText(tr("%1: %2").arg(command.title, command.message));
    return;
  }
  if (isAudit) {
    showEntries(command.answer);
  } else if (command.verb == "key_list") {
    showKeys(command.answer);
  } else if (command.verb == "key_invite" || command.verb == "node_invite") {
    auto* dialog = new WordDialog{command.title, textOf(command.answer, "token"), textOf(command.answer, "fingerprint"),
                                  command.verb == "key_invite", m_keysPage->window()};
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
  } else {
    m_keysMessage->setText(tr("%1: done").arg(command.title));
    if (command.verb == "key_create") write(command.answer);
    refresh(true);
  }
}

/// The secret never left this process until here.
void AccessPanel::write(const json& answer) {
  const auto name = textOf(answer, "name");
  const auto at = m_new.find(name);
  if (at == m_new.end()) return;
  const auto made = std::move(at->second);
  m_new.erase(at);
  const transport::key_file key{
      toStd(name), toStd(textOf(answer, "address")), {toStd(textOf(answer, "server_key")), made.keys}};
  if (auto written = transport::write_key_file(toStd(made.path), key); !written) {
    m_keysMessage->setText(tr("%1; the key is revoked: nobody has it").arg(toQt(written.error().message)));
    Q_EMIT wanted("key_revoke", {{"name", toStd(name)}}, tr("Revoke key %1").arg(name));
    return;
  }
  m_keysMessage->setText(tr("the key of %1 is in %2: give it to them, and nobody else").arg(name, made.path));
}

void AccessPanel::showKeys(const json& answer) {
  std::vector<RowsModel::Row> rows;
  for (const auto& key : answer.is_array() ? answer : json::array()) {
    if (!key.is_object()) continue;
    QStringList topologies;
    for (const auto& topology : listOf(key, "topologies")) {
      if (topology.is_string()) topologies << toQt(topology.get<std::string>());
    }
    const auto revoked = textOf(key, "revoked_at");
    rows.push_back(
        {{textOf(key, "name"), textOf(key, "role"),
          topologies.isEmpty() ? tr("all") : topologies.join(QStringLiteral(", ")), timeText(textOf(key, "created_at")),
          revoked.isEmpty() ? tr("good") : tr("revoked %1").arg(timeText(revoked))},
         revoked.isEmpty() ? Health::Ok : Health::Idle});
  }
  if (m_keysMessage->text().isEmpty() && rows.empty()) {
    m_keysMessage->setText(tr("nobody has a key yet: Invite gives somebody a word to make one with"));
  }
  m_keys->setRows(std::move(rows));
}

void AccessPanel::showEntries(const json& answer) {
  std::vector<RowsModel::Row> rows;
  for (const auto& entry : listOf(answer, "entries")) {
    if (!entry.is_object()) continue;
    const auto outcome = textOf(entry, "outcome");
    rows.push_back({{timeText(textOf(entry, "at")), textOf(entry, "who"), textOf(entry, "verb"),
                     textOf(entry, "topology"), textOf(entry, "detail"), outcome},
                    outcome == QLatin1String("ok") ? Health::Ok : Health::Warning});
  }
  const bool isIntact = flagOf(answer, "intact");
  m_auditMessage->setForegroundRole(isIntact ? QPalette::PlaceholderText : QPalette::WindowText);
  m_auditMessage->setText(isIntact ? tr("the newest %1 of %2 entries; all of them are as they were written")
                                         .arg(rows.size())
                                         .arg(countOf(answer, "verified"))
                                   : tr("the log is NOT as it was written: %1. Keep the node's audit.* as evidence")
                                         .arg(textOf(answer, "problem")));
  m_entries->setRows(std::move(rows));
}

}  // namespace millrace::workbench
