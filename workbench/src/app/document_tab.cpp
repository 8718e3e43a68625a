#include "app/document_tab.hpp"

#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMimeData>
#include <QStandardPaths>
#include <QVBoxLayout>
#include <set>

#include "canvas/picture_export.hpp"
#include "core/auto_wiring.hpp"
#include "core/layout_edits.hpp"
#include "core/text.hpp"
#include "core/wiring_rules.hpp"

namespace millrace::workbench {
namespace {

enum Purpose { AddActor = 1, FindActor, WireTo, InjectFault };

constexpr const char* layoutMime = "application/x-millrace-layout";
/// Of text that is pasted, as of a topology's file.
constexpr qsizetype pasteBytesMax = qsizetype{16} * 1024 * 1024;
/// Far enough from the original to be seen as a copy.
constexpr QPointF duplicateStep{32, 32};

QPointF cornerOf(const TopologyLayout& layout) {
  QPointF corner{layoutCoordinateMax, layoutCoordinateMax};
  for (const auto& [name, place] : layout.places) {
    corner = {std::min(corner.x(), place.x()), std::min(corner.y(), place.y())};
  }
  return corner;
}

std::vector<std::string> titlesOf(const TopologyLayout& layout, const std::vector<std::string>& actors) {
  std::set<std::string> titles;
  for (const auto& actor : actors) {
    if (const auto* title = layout.groupOf(actor)) titles.insert(*title);
  }
  return {titles.begin(), titles.end()};
}

}  // namespace

DocumentTab::DocumentTab(DocumentFile file, const ActorCatalogue& catalogue, QWidget* parent)
    : QWidget{parent},
      m_file{std::move(file)},
      m_scene{m_file.document(), catalogue},
      m_view{new CanvasView{m_scene, this}},
      m_search{new SearchBox{m_view}},
      m_validator{m_file.document()},
      m_journal{m_file.document(), journalFolder()} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_view);
  setFocusProxy(m_view);
  connect(&m_scene, &CanvasScene::hint, this, &DocumentTab::hint);
  connect(&m_scene, &CanvasScene::editingWanted, this, &DocumentTab::editingWanted);
  connect(&m_journal, &CrashJournal::failed, this, &DocumentTab::hint);
  connect(m_search, &SearchBox::chosen, this, &DocumentTab::chosen);
  connect(m_view, &CanvasView::typeDropped, this, &DocumentTab::addTypeAt);
  connect(&m_layout, &AutoLayout::finished, this, [this](const std::map<std::string, QPointF>& places) {
    auto edit = document().edit();
    for (const auto& [name, place] : places) {
      if (edit.find(name)) edit.move(name, place);
    }
    document().push(edit.take(tr("Layout")));
    m_view->fitAll();
  });
  connect(&m_validator, &Validator::problemsChanged, this, [this] { m_scene.showProblems(m_validator.problems()); });
}

QString DocumentTab::journalFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/journal");
}

DocumentTab::~DocumentTab() {
  // What is selected tells so when it goes, to a window that may be going, too.
  m_scene.disconnect();
  // The view looks at the scene until it is gone.
  delete m_view;
}

void DocumentTab::searchType() {
  std::vector<SearchBox::Entry> entries;
  for (const auto& type : m_scene.catalogue().types()) {
    entries.push_back({toQt(type.id), toQt(type.title), toQt(type.help)});
  }
  if (entries.empty()) {
    Q_EMIT hint(tr("the engine's actors are not known yet: the palette says why"));
    return;
  }
  m_search->open(AddActor, tr("Add an actor"), std::move(entries));
}

void DocumentTab::addType(const QString& id) {
  const auto* type = m_scene.catalogue().find(toStd(id));
  if (type == nullptr) return;
  const auto selected = m_scene.selectedActors();
  NewActor wanted{type, std::nullopt, m_view->placeForNew()};
  if (selected.size() == 1) wanted.behind = selected.front();
  auto edit = document().edit();
  const auto name = addActor(edit, m_scene.catalogue(), document().records(), wanted);
  document().push(edit.take(tr("Add %1").arg(toQt(name))));
  m_scene.select({name});
  if (auto* node = m_scene.node(name)) m_view->ensureVisible(node, 60, 60);
}

void DocumentTab::addTypeAt(const QString& id, QPointF place) {
  const auto* type = m_scene.catalogue().find(toStd(id));
  if (type == nullptr) return;
  auto edit = document().edit();
  const auto name = addActor(edit, m_scene.catalogue(), document().records(), {type, std::nullopt, place});
  document().push(edit.take(tr("Add %1").arg(toQt(name))));
  m_scene.select({name});
}

void DocumentTab::findActor() {
  std::vector<SearchBox::Entry> entries;
  for (const auto& actor : document().spec().actors)
    entries.push_back({toQt(actor.name), toQt(actor.name), toQt(actor.type)});
  m_search->open(FindActor, tr("Find an actor"), std::move(entries));
}

void DocumentTab::wireByTyping() {
  const auto selected = m_scene.selectedActors();
  if (selected.size() != 1) {
    Q_EMIT hint(tr("select the one actor that the wire is to start from"));
    return;
  }
  const auto* from = m_scene.node(selected.front());
  const StreamsFrom streams{document().spec(), m_scene.catalogue(), document().records(), selected.front()};
  std::vector<SearchBox::Entry> entries;
  for (const auto& output : from->content().outputs) {
    for (const auto& actor : document().spec().actors) {
      for (const auto& input : m_scene.node(actor.name)->content().inputs) {
        const stream_spec stream{selected.front(), output.name, actor.name, input.name};
        if (!streams.refusal(stream).isEmpty()) continue;
        entries.push_back({toQt(output.name + " " + actor.name + "." + input.name), toQt(actor.name + "." + input.name),
                           tr("from %1").arg(toQt(output.name))});
      }
    }
  }
  m_search->open(WireTo, tr("Wire %1 to").arg(toQt(selected.front())), std::move(entries));
}

void DocumentTab::searchFault(const QString& prompt, std::vector<SearchBox::Entry> kinds) {
  m_search->open(InjectFault, prompt, std::move(kinds));
}

void DocumentTab::chosen(int purpose, const QString& id) {
  if (purpose == AddActor) addType(id);
  if (purpose == FindActor) reveal(toStd(id));
  if (purpose == InjectFault) Q_EMIT faultChosen(id);
  const auto selected = m_scene.selectedActors();
  if (purpose != WireTo || selected.size() != 1) return;
  const auto parts = id.split(QLatin1Char(' '));
  const auto target = parts.last().split(QLatin1Char('.'));
  auto edit = document().edit();
  edit.addStream({selected.front(), toStd(parts.first()), toStd(target.first()), toStd(target.last())});
  document().push(edit.take(tr("Connect %1 to %2").arg(toQt(selected.front()), target.first())));
}

void DocumentTab::reveal(const std::string& actor) {
  m_scene.select({actor});
  m_view->centreOn(actor);
}

void DocumentTab::deleteSelection() {
  auto edit = removal(document(), m_scene.selectedActors(), m_scene.selectedStreams(), m_scene.selectedComments());
  if (edit.isEmpty()) edit = ungrouping(document(), m_scene.selectedGroups());
  document().push(std::move(edit));
}

void DocumentTab::groupSelection() {
  std::string title;
  auto edit = grouping(document(), m_scene.meantActors(), title);
  if (edit.isEmpty()) {
    Q_EMIT hint(tr("select the actors that the group is to have"));
    return;
  }
  document().push(std::move(edit));
  m_scene.selectGroup(title);
  Q_EMIT hint(tr("Enter or F2 gives the group a title"));
}

void DocumentTab::ungroupSelection() {
  const auto actors = m_scene.meantActors();
  document().push(ungrouping(document(), titlesOf(document().layout(), actors)));
  m_scene.select(actors);
}

void DocumentTab::toggleGroups() {
  const auto titles = titlesOf(document().layout(), m_scene.meantActors());
  if (titles.empty()) {
    Q_EMIT hint(tr("select a group, or an actor of one"));
    return;
  }
  const bool isCollapsed = document().layout().groups.at(titles.front()).isCollapsed;
  document().push(collapsing(document(), titles, !isCollapsed));
  m_scene.selectGroup(titles.front());
}

void DocumentTab::addComment() {
  std::string id;
  document().push(commenting(document(), m_view->placeForNew(), {}, id));
  m_scene.selectComment(id);
  Q_EMIT editingWanted();
}

void DocumentTab::exportPicture() {
  const auto name = toQt(document().spec().name) + QStringLiteral(".png");
  const auto path =
      QFileDialog::getSaveFileName(this, tr("Export a picture"), name, tr("Pictures (*.png);;Vector pictures (*.svg)"));
  if (path.isEmpty()) return;
  const auto done = workbench::exportPicture(m_scene, path);
  Q_EMIT hint(done ? tr("drawn into %1").arg(path) : toQt(done.error().message));
}

void DocumentTab::insert(const Drawing& fragment, QPointF place, const QString& title) {
  std::vector<std::string> added;
  document().push(insertion(document(), fragment, place, title, added));
  m_scene.select(added);
}

void DocumentTab::duplicateSelection() {
  const auto actors = m_scene.meantActors();
  if (actors.empty()) return;
  auto part = parse_topology(fragmentText(document(), actors), "selection");
  if (!part) return;
  const auto layout = layoutOf(document(), actors);
  insert({*std::move(part), layout}, cornerOf(layout) + duplicateStep, tr("Duplicate"));
}

void DocumentTab::copySelection() {
  const auto actors = m_scene.meantActors();
  if (actors.empty()) return;
  auto* mime = new QMimeData;
  mime->setText(toQt(fragmentText(document(), actors)));
  mime->setData(QLatin1String(layoutMime), toText(layoutOf(document(), actors)));
  QGuiApplication::clipboard()->setMimeData(mime);
}

void DocumentTab::cutSelection() {
  copySelection();
  document().push(removal(document(), m_scene.meantActors(), m_scene.selectedStreams()));
}

void DocumentTab::paste() {
  const auto* mime = QGuiApplication::clipboard()->mimeData();
  if (mime == nullptr || !mime->hasText() || mime->text().size() > pasteBytesMax) return;
  auto part = parse_topology(toStd(mime->text()), "clipboard");
  if (!part) {
    Q_EMIT hint(tr("the clipboard holds no part of a topology: %1")
                    .arg(toQt(part.error().message).section(QLatin1Char('\n'), 0, 0)));
    return;
  }
  Drawing fragment{*std::move(part), {}};
  if (auto layout = parseLayout(mime->data(QLatin1String(layoutMime)), "clipboard"))
    fragment.layout = *std::move(layout);
  insert(fragment, m_view->placeForNew(), tr("Paste"));
}

void DocumentTab::align(Alignment how) {
  document().push(alignment(document(), m_scene.meantActors(), how));
}

void DocumentTab::layOut() {
  m_layout.start(document().drawing());
}

}  // namespace millrace::workbench
