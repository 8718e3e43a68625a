#include "panels/nodes_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/text.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

/// While the panel is seen.
constexpr std::chrono::milliseconds pollInterval{2000};

}  // namespace

NodesPanel::NodesPanel(QWidget* parent)
    : QWidget{parent},
      m_model{new NodesModel{this}},
      m_view{new QTreeView},
      m_access{new AccessPanel{this}},
      m_pages{new QTabWidget},
      m_message{new QLabel} {
  m_view->setModel(m_model);
  m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_view->setDragEnabled(true);
  m_view->setUniformRowHeights(true);
  m_view->setItemDelegateForColumn(NodesModel::State, new HealthDelegate{NodesModel::healthRole, this});
  m_view->setAccessibleName(tr("Nodes of the target"));
  m_view->header()->setStretchLastSection(false);
  for (const auto& [column, width] :
       {std::pair{0, 150}, {1, 96}, {2, 150}, {3, 60}, {4, 78}, {5, 48}, {6, 76}, {7, 118}, {8, 78}}) {
    m_view->setColumnWidth(column, width);
  }
  // A task has a name and no more.
  connect(m_model, &QAbstractItemModel::modelReset, this, [this] {
    for (int i = 0; i < m_model->rowCount(); ++i) {
      const auto node = m_model->index(i, 0);
      for (int task = 0; task < m_model->rowCount(node); ++task) m_view->setFirstColumnSpanned(task, node, true);
    }
  });
  auto* row = new QHBoxLayout;
  m_message->setForegroundRole(QPalette::PlaceholderText);
  m_message->setWordWrap(true);
  row->addWidget(m_message, 1);
  const auto addButton = [row](const QString& words, const QString& tip) {
    auto* button = new QPushButton{words};
    button->setToolTip(tip);
    row->addWidget(button);
    return button;
  };
  connect(addButton(tr("&Add a node …"), tr("As a target of this workbench, with an invitation or a key file")),
          &QPushButton::clicked, this, &NodesPanel::addWanted);
  connect(addButton(tr("&Invite a node …"), tr("Another node joins this one, and shares the work")),
          &QPushButton::clicked, this, &NodesPanel::inviteWanted);
  connect(addButton(tr("&Place here"), tr("The selected actors run on the current node")), &QPushButton::clicked, this,
          [this] { Q_EMIT placeWanted(currentNode()); });
  auto* nodes = new QWidget;
  auto* column = new QVBoxLayout{nodes};
  column->setContentsMargins(8, 4, 8, 4);
  column->addLayout(row);
  column->addWidget(m_view, 1);
  m_pages->addTab(nodes, tr("Nodes"));
  m_pages->addTab(m_access->keysPage(), tr("Keys"));
  m_pages->addTab(m_access->auditPage(), tr("Audit log"));
  m_pages->setDocumentMode(true);
  auto* all = new QVBoxLayout{this};
  all->setContentsMargins(0, 0, 0, 0);
  all->addWidget(m_pages);
  connect(m_pages, &QTabWidget::currentChanged, this, &NodesPanel::refresh);
  connect(m_access, &AccessPanel::wanted, this, &NodesPanel::wanted);
  connect(&m_poll, &QTimer::timeout, this, [this] {
    if (isVisible() && m_pages->currentIndex() == 0) refresh();
  });
  m_poll.start(pollInterval);
  setReachable(false, tr("the engine is off: F5 starts it"));
}

void NodesPanel::clear() {
  m_facts.clear();
  m_runs.clear();
  m_node = {};
  m_isAsking = false;
  m_access->clear();
  show();
}

void NodesPanel::setReachable(bool isReachable, const QString& why) {
  const bool isNews = isReachable != m_isReachable;
  m_isReachable = isReachable;
  m_access->setEnabled(isReachable);
  if (!isReachable) m_isAsking = false;
  if (!isReachable) m_message->setText(why);
  if (isReachable && isNews) {
    m_message->clear();
    refresh();
  }
}

void NodesPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

void NodesPanel::refresh() {
  if (!m_isReachable || !isVisible()) return;
  if (m_pages->currentIndex() != 0) {
    m_access->refresh(m_pages->currentIndex() == 1);
    return;
  }
  ask();
}

void NodesPanel::ask() {
  // One question at a time: an engine that is slow is not asked more.
  if (!m_isReachable || std::exchange(m_isAsking, true)) return;
  Q_EMIT wanted("node", nlohmann::json::object(), tr("Nodes"));
}

void NodesPanel::setRuns(const std::map<std::string, RunFigures>& runs) {
  m_runs = runs;
}

void NodesPanel::take(const Command& command) {
  m_access->take(command);
  if (command.verb != "node" && command.verb != "peer_list") return;
  if (command.state != Command::State::Done) {
    m_isAsking = false;
    m_message->setText(command.message);
    return;
  }
  if (command.verb == "node") {
    m_node = command.answer;
    Q_EMIT wanted("peer_list", nlohmann::json::object(), tr("Nodes"));
    return;
  }
  m_isAsking = false;
  m_facts = readNodes(m_node, command.answer);
  m_message->setText(m_facts.size() > 1 ? tr("Drag a node onto an actor, or press N there, to have it run on it")
                                        : tr("it knows no other node: Invite lets one join it"));
  show();
  Q_EMIT known();
}

void NodesPanel::show() {
  auto facts = m_facts;
  addTasks(facts, m_runs);
  const auto before = currentNode();
  m_model->setNodes(std::move(facts));
  if (!m_view->currentIndex().isValid() && m_model->rowCount() > 0) {
    int row = 0;
    for (int i = 0; i < m_model->rowCount(); ++i) {
      if (m_model->nodeAt(m_model->index(i, 0)) == before) row = i;
    }
    m_view->setCurrentIndex(m_model->index(row, 0));
  }
}

}  // namespace millrace::workbench
