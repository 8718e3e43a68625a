#include "app/nodes_desk.hpp"

#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>
#include <algorithm>
#include <set>

#include "core/deployment.hpp"
#include "core/placement_edits.hpp"
#include "core/text.hpp"
#include "panels/add_node_dialog.hpp"
#include "panels/question.hpp"

namespace millrace::workbench {
namespace {

enum Purpose { ChooseTarget = 1, PlaceActors, StopRun };
/// What an entry of the box stands for, where it is no target.
enum class Entry { Target, Add, Forget };
constexpr int entryRole = Qt::UserRole + 1;
constexpr int boxWidth = 168;
/// Before the node's name in what is chosen for a placement.
constexpr QLatin1Char only{'='}, also{'+'}, anywhere{'-'};

}  // namespace

NodesDesk::NodesDesk(EngineDesk& engine, Settings& settings, QObject* parent)
    : QObject{parent},
      m_engine{engine},
      m_settings{settings},
      m_panel{new NodesPanel},
      m_frame{new QWidget},
      m_targets{new QComboBox} {
  auto* row = new QHBoxLayout{m_frame};
  row->setContentsMargins(6, 0, 6, 0);
  auto* label = new QLabel{tr("Tar&get:")};
  label->setBuddy(m_targets);
  row->addWidget(label);
  row->addWidget(m_targets);
  m_targets->setMinimumWidth(boxWidth);
  m_targets->setAccessibleName(tr("Target"));
  m_targets->setToolTip(tr("Where topologies run: the engine of this workbench, or a node"));
  connect(m_targets, &QComboBox::activated, this, [this](int index) {
    const auto entry = static_cast<Entry>(m_targets->itemData(index, entryRole).toInt());
    const auto name = m_targets->itemData(index).toString();
    showTargets();  // what is no target does not stay in the box
    if (entry == Entry::Add) openAddDialog();
    if (entry == Entry::Forget) forgetAfterQuestion();
    if (entry == Entry::Target) choose(name);
  });
  auto& session = m_engine.session();
  connect(&session, &EngineSession::commandFinished, this, &NodesDesk::take);
  connect(&session, &EngineSession::stateChanged, this, &NodesDesk::showState);
  connect(&session, &EngineSession::targetChanged, this, [this] {
    m_panel->clear();
    showTargets();
    showState();
  });
  connect(&session, &EngineSession::figuresChanged, this, [this] {
    if (const auto* runs = m_engine.session().runs()) m_panel->setRuns(*runs);
  });
  connect(m_panel, &NodesPanel::wanted, this,
          [this](const std::string& verb, const nlohmann::json& args, const QString& title) {
            m_engine.session().request(verb, args, title);
          });
  connect(m_panel, &NodesPanel::known, this, &NodesDesk::showPlaces);
  connect(m_panel, &NodesPanel::addWanted, this, &NodesDesk::openAddDialog);
  connect(m_panel, &NodesPanel::inviteWanted, this,
          [this] { m_engine.session().request("node_invite", nlohmann::json::object(), tr("Invite a node")); });
  connect(m_panel, &NodesPanel::placeWanted, this, [this](const QString& node) {
    if (m_tab != nullptr) place(m_tab->scene().meantActors(), node);
  });
  showTargets();
  if (const auto name = m_settings.targetName(); !name.isEmpty()) choose(name);
}

void NodesDesk::setTab(DocumentTab* tab) {
  if (m_tab == tab) return;
  if (m_tab != nullptr) m_tab->view().disconnect(this);
  m_tab = tab;
  if (tab == nullptr) return;
  connect(&tab->view(), &CanvasView::nodeDropped, this,
          [this](const QString& node, const std::string& actor) { place({actor}, node); });
}

void NodesDesk::showTargets() {
  const auto& present = m_engine.session().target();
  m_targets->clear();
  m_targets->addItem(tr("Embedded"), QString{});
  bool isListed = present.isEmbedded();
  for (const auto& target : m_settings.targets()) {
    m_targets->addItem(target.name, target.name);
    m_targets->setItemData(m_targets->count() - 1, target.address, Qt::ToolTipRole);
    if (target == present) m_targets->setCurrentIndex(m_targets->count() - 1);
    isListed = isListed || target == present;
  }
  if (!isListed) {
    m_targets->addItem(present.name, present.name);
    m_targets->setCurrentIndex(m_targets->count() - 1);
  }
  m_targets->insertSeparator(m_targets->count());
  m_targets->addItem(tr("Add a node …"));
  m_targets->setItemData(m_targets->count() - 1, static_cast<int>(Entry::Add), entryRole);
  if (present.isEmbedded()) return;
  m_targets->addItem(tr("Forget %1 …").arg(present.name));
  m_targets->setItemData(m_targets->count() - 1, static_cast<int>(Entry::Forget), entryRole);
}

void NodesDesk::showState() {
  using State = EngineSession::State;
  const auto& session = m_engine.session();
  const bool isReachable = session.state() == State::Connected || session.state() == State::Stale;
  m_panel->setReachable(isReachable, session.state() == State::Off        ? tr("the engine is off: F5 starts it")
                                     : session.state() == State::Starting ? tr("connecting …")
                                                                          : session.message());
}

void NodesDesk::add(const Target& target) {
  auto all = m_settings.targets();
  std::erase_if(all, [&](const Target& other) {
    return other.name == target.name || (other.address == target.address && other.serverKey == target.serverKey);
  });
  all.push_back(target);
  m_settings.setTargets(all);
  choose(target.name);
}

void NodesDesk::choose(const QString& name) {
  const auto all = m_settings.targets();
  const auto at = std::ranges::find(all, name, &Target::name);
  if (at == all.end() && !name.isEmpty()) return;
  m_settings.setTargetName(name);
  visit(at == all.end() ? Target{} : *at);
}

void NodesDesk::visit(const Target& target) {
  m_engine.session().setTarget(target);
  Q_EMIT hint(target.isEmbedded() ? tr("topologies run in this workbench's own engine")
                                  : tr("topologies run on %1 (%2)").arg(target.name, target.address));
}

void NodesDesk::forgetTarget() {
  const auto present = m_engine.session().target();
  if (present.isEmbedded()) return;
  auto all = m_settings.targets();
  std::erase(all, present);
  m_settings.setTargets(all);
  // One that was made here is of no use any more; one that somebody gave may be.
  if (!present.keyFile.isEmpty() && present.keyFile.startsWith(Settings::keyFolder() + QLatin1Char('/'))) {
    QFile::remove(present.keyFile);
  }
  choose({});
}

void NodesDesk::forgetAfterQuestion() {
  askFirst(
      m_frame->window(), tr("Forget a node"),
      tr("Forget %1? What runs there goes on. A key that was made here for it is deleted; coming back needs another "
         "invitation.")
          .arg(m_engine.session().target().name),
      tr("&Forget"), [this] { forgetTarget(); });
}

void NodesDesk::openAddDialog() {
  auto* dialog = new AddNodeDialog{Settings::keyFolder(), m_frame->window()};
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &AddNodeDialog::added, this, &NodesDesk::add);
  dialog->open();
}

/// One box, on the canvas in front.
SearchBox& NodesDesk::search() {
  if (m_search == nullptr || m_search->parentWidget() != &m_tab->view()) {
    if (m_search != nullptr) m_search->deleteLater();
    m_search = new SearchBox{&m_tab->view()};
    connect(m_search, &SearchBox::chosen, this, &NodesDesk::chosen);
  }
  return *m_search;
}

void NodesDesk::chooseByTyping() {
  if (m_tab == nullptr) return;
  std::vector<SearchBox::Entry> entries{{QString{}, tr("Embedded"), tr("this workbench's own engine")}};
  for (const auto& target : m_settings.targets()) entries.push_back({target.name, target.name, target.address});
  search().open(ChooseTarget, tr("Where topologies run"), std::move(entries));
}

void NodesDesk::stopByTyping() {
  if (m_tab == nullptr) return;
  std::vector<SearchBox::Entry> entries;
  if (const auto* runs = m_engine.session().runs(); runs != nullptr) {
    for (const auto& [name, run] : *runs) {
      if (!run.isActive()) continue;
      entries.push_back({toQt(name), toQt(name), tr("%1 for %2").arg(run.state, millisecondsText(run.uptimeS * 1000))});
    }
  }
  if (entries.empty()) {
    Q_EMIT hint(tr("nothing runs there"));
    return;
  }
  search().open(StopRun, tr("Stop a run, with a last snapshot"), std::move(entries));
}

void NodesDesk::placeByTyping() {
  const auto actors = m_tab == nullptr ? std::vector<std::string>{} : m_tab->scene().meantActors();
  if (actors.empty()) {
    Q_EMIT hint(tr("select the actors that are to run on a node"));
    return;
  }
  std::set<std::string> present;
  for (const auto& actor : actors) {
    const auto at = m_tab->document().layout().pins.find(actor);
    if (at != m_tab->document().layout().pins.end()) present.insert(at->second.begin(), at->second.end());
  }
  std::vector<SearchBox::Entry> entries;
  for (const auto& node : m_panel->model().nodes()) {
    entries.push_back({only + node.name, tr("On %1").arg(node.name), node.labels});
    if (!present.empty() && !present.contains(toStd(node.name))) {
      entries.push_back({also + node.name, tr("On %1, too").arg(node.name), tr("partitions take turns")});
    }
  }
  if (!present.empty()) entries.push_back({QString{anywhere}, tr("Anywhere"), tr("where the topology was given to")});
  if (entries.empty()) {
    Q_EMIT hint(tr("no node is known: choose a target, and look at Nodes"));
    return;
  }
  search().open(PlaceActors, tr("Where they run"), std::move(entries));
}

void NodesDesk::chosen(int purpose, const QString& id) {
  if (purpose == ChooseTarget) choose(id);
  if (purpose == StopRun && !id.isEmpty()) m_engine.session().stopTopology(toStd(id));
  if (purpose != PlaceActors || m_tab == nullptr || id.isEmpty()) return;
  const auto actors = m_tab->scene().meantActors();
  const auto node = id.mid(1);
  if (id.front() == only) place(actors, node);
  if (id.front() == anywhere) m_tab->document().push(unplacing(m_tab->document(), actors));
  if (id.front() != also) return;
  auto edit = placingAlso(m_tab->document(), actors, toStd(node));
  if (edit) {
    m_tab->document().push(*std::move(edit));
  } else {
    Q_EMIT hint(toQt(edit.error().message));
  }
}

void NodesDesk::place(const std::vector<std::string>& actors, const QString& node) {
  if (m_tab == nullptr || actors.empty() || node.isEmpty()) {
    Q_EMIT hint(tr("select the actors, and the node they are to run on"));
    return;
  }
  m_tab->document().push(placing(m_tab->document(), actors, toStd(node)));
  Q_EMIT hint(tr("%1 runs on %2 from the next deployment on (Shift+F5)")
                  .arg(actors.size() == 1 ? toQt(actors.front()) : tr("%1 actors").arg(actors.size()), node));
}

void NodesDesk::run() {
  if (m_engine.session().target().isEmbedded()) {
    m_engine.run();
  } else {
    deploy();
  }
}

void NodesDesk::deploy() {
  if (m_tab == nullptr) return;
  if (m_tab->document().spec().actors.empty()) {
    Q_EMIT hint(tr("there is nothing to deploy yet: press Tab to add an actor"));
    return;
  }
  m_panel->ask();
  askForPlan();
}

void NodesDesk::askForPlan() {
  const auto name = toQt(m_tab->document().spec().name);
  Q_EMIT hint(tr("asking what deploying %1 would change …").arg(name));
  m_engine.session().request("plan", deploymentArguments(m_tab->document()), tr("Plan of %1").arg(name));
}

void NodesDesk::take(const Command& command) {
  m_panel->take(command);
  if (command.verb != "plan") return;
  if (command.state == Command::State::Done) {
    showPlan(command);
    return;
  }
  const bool isOfNow = m_tab != nullptr && deploymentArguments(m_tab->document()) == command.args;
  if (m_plan != nullptr && isOfNow) m_plan->tell(command.message);
}

void NodesDesk::showPlan(const Command& command) {
  // Of another tab, or of what it was before the last edit: nothing to be asked about any more.
  if (m_tab == nullptr || deploymentArguments(m_tab->document()) != command.args) {
    if (m_plan == nullptr) Q_EMIT hint(tr("it was changed meanwhile: Shift+F5 asks again"));
    return;
  }
  if (m_plan != nullptr) {
    m_plan->setPlan(readPlan(command.answer));
    return;
  }
  const auto& target = m_engine.session().target();
  m_plan =
      new PlanDialog{readPlan(command.answer), target.isEmbedded() ? tr("Embedded") : target.name, m_frame->window()};
  m_plan->setAttribute(Qt::WA_DeleteOnClose);
  showPlaces();
  connect(m_plan, &QDialog::accepted, this, [this] { m_engine.run(); });
  connect(m_plan, &PlanDialog::placementWanted, this,
          [this](const std::string& actor, const std::vector<std::string>& nodes) {
            auto& document = m_tab->document();
            document.push(actor.empty() ? spreading(document, nodes) : placingOn(document, actor, nodes));
            m_plan->wait();
            // The table is still busy with what was ticked.
            QTimer::singleShot(0, this, &NodesDesk::showPlaces);
            askForPlan();
          });
  m_plan->open();
}

void NodesDesk::showPlaces() {
  if (m_plan == nullptr || m_tab == nullptr) return;
  std::vector<std::string> actors;
  for (const auto& actor : m_tab->document().spec().actors) actors.push_back(actor.name);
  m_plan->setPlacement(actors, m_panel->model().nodes(), m_tab->document().layout());
}

}  // namespace millrace::workbench
