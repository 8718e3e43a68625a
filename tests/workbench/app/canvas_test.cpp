#include <QDockWidget>
#include <QGraphicsSceneHoverEvent>
#include <QImage>
#include <QKeySequenceEdit>
#include <QMenu>
#include <QMouseEvent>
#include <QPlainTextEdit>
#include <QTest>
#include <cmath>
#include <set>

#include "app/settings_dialog.hpp"
#include "canvas/minimap.hpp"
#include "canvas/picture_export.hpp"
#include "canvas/snap_guides.hpp"
#include "core/text.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

/// Groups, comments, snapping, pictures, keys and arrangements, from the window on.
class CanvasTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void aGroupIsMadeNamedCollapsedAndOpenedByKeys() {
    addTwo();
    key(Qt::Key_A, Qt::ControlModifier);
    key(Qt::Key_G);
    QCOMPARE(layout().groups.size(), std::size_t{1});
    key(Qt::Key_F2);
    auto* title = qobject_cast<QLineEdit*>(QApplication::focusWidget());
    QVERIFY(title != nullptr);
    QTest::keyClicks(title, QStringLiteral("Intake"));
    QTest::keyClick(title, Qt::Key_Return);
    QVERIFY(layout().groups.contains("Intake"));
    tab().setFocus();
    tab().scene().selectGroup("Intake");
    key(Qt::Key_E);
    QVERIFY(layout().groups.at("Intake").isCollapsed);
    QVERIFY(!tab().scene().node("generator")->isVisible());
    QCOMPARE(tab().scene().standIn("generator"), static_cast<QGraphicsItem*>(tab().scene().group("Intake")));
    // The box moves with all that is in it.
    const auto place = layout().places.at("generator");
    key(Qt::Key_Right);
    QCOMPARE(layout().places.at("generator"), place + QPointF(8, 0));
    key(Qt::Key_E);
    QVERIFY(tab().scene().node("generator")->isVisible());
    key(Qt::Key_G, Qt::ShiftModifier);
    QVERIFY(layout().groups.empty());
    QCOMPARE(spec().actors.size(), std::size_t{2});
  }

  void aWireUnderThePointerDoesNotCoverTheNodeItPassesBehind() {
    m_place.drawFilter();
    auto edit = tab().document().edit();
    for (const auto& [name, x] : {std::pair{"generator", 0}, {"null_sink", 400}, {"filter_by", 800}}) {
      edit.move(name, {static_cast<double>(x), 0});
    }
    tab().document().push(edit.take(QStringLiteral("Move")));
    auto& scene = tab().scene();
    auto* behind = scene.wire(spec().streams.front());
    const auto* node = scene.node("null_sink");
    // The wire goes straight from port to port.
    const auto middle = QPointF{node->mapToScene(node->geometry().box().center()).x(),
                                scene.node("generator")->anchorOf("out", true).y()};
    QVERIFY(scene.items(middle).contains(behind));
    QGraphicsSceneHoverEvent enter{QEvent::GraphicsSceneHoverEnter};
    scene.sendEvent(behind, &enter);
    QCOMPARE(scene.items(middle).front(), static_cast<const QGraphicsItem*>(node));
  }

  void draggingAFrameMovesItsActorsAsOneStep() {
    addTwo();
    tab().scene().select({"generator", "null_sink"});
    tab().groupSelection();
    tab().scene().clearSelection();
    tab().view().fitAll();
    const auto before = layout().places;
    const auto steps = tab().document().undoStack().count();
    const auto hash = tab().document().contentHash();
    const auto grip = tab().view().mapFromScene(tab().scene().group("Group")->frame().topLeft() + QPointF{60, 12});
    drag(grip, grip + QPoint{80, 40});
    QCOMPARE(tab().document().undoStack().count(), steps + 1);
    QCOMPARE(tab().document().contentHash(), hash);
    const auto step = layout().places.at("generator") - before.at("generator");
    QVERIFY(step.manhattanLength() > 0);
    QCOMPARE(layout().places.at("null_sink") - before.at("null_sink"), step);
  }

  void aCommentIsWrittenAndFoundInTheOutline() {
    key(Qt::Key_C);
    auto* field = qobject_cast<QPlainTextEdit*>(QApplication::focusWidget());
    QVERIFY(field != nullptr);
    QTest::keyClicks(field, QStringLiteral("mind the gap"));
    tab().setFocus();
    QCOMPARE(layout().comments.begin()->second.text, std::string{"mind the gap"});
    auto& model = m_place.window().outline().model();
    QCOMPARE(model.index(0, OutlineModel::Name).data().toString(), QStringLiteral("mind the gap"));
    QVERIFY(model.setData(model.index(0, OutlineModel::Place), QStringLiteral("64, 128"), Qt::EditRole));
    QCOMPARE(layout().comments.begin()->second.place, QPointF(64, 128));
    tab().scene().selectComment(layout().comments.begin()->first);
    key(Qt::Key_Delete);
    QVERIFY(layout().comments.empty());
    key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(layout().comments.size(), std::size_t{1});
  }

  void theOutlineGroupsMovesAndCollapses() {
    addTwo();
    auto& model = m_place.window().outline().model();
    const auto set = [&](int row, int column, const char* text) {
      return model.setData(model.index(row, column), QString::fromLatin1(text), Qt::EditRole);
    };
    QVERIFY(set(0, OutlineModel::Group, "Left"));
    QVERIFY(set(0, OutlineModel::Place, "8, 16"));
    QCOMPARE(layout().places.at("generator"), QPointF(8, 16));
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.groupAt(2), std::string{"Left"});
    QVERIFY(set(2, OutlineModel::FedBy, "generator, null_sink"));
    QVERIFY(set(2, OutlineModel::State, "collapsed"));
    QVERIFY(layout().groups.at("Left").isCollapsed);
    QVERIFY(!set(2, OutlineModel::State, "ajar"));
    QVERIFY(!set(0, OutlineModel::Place, "here"));
    QVERIFY(set(2, OutlineModel::Name, "Both"));
    QVERIFY(layout().groups.contains("Both"));
  }

  void aDraggedBoxSnapsToOthersThenToTheGrid() {
    const QRectF moving{103, 51, 40, 20};
    const auto snap = snapBox(moving, {QRectF{100, 200, 40, 20}}, 5, 8);
    QCOMPARE(snap.corner, QPointF(100, 48));
    QCOMPARE(snap.guides.size(), std::size_t{1});
    QCOMPARE(snap.guides.front(), QLineF(100, 51, 100, 220));
    QCOMPARE(snapBox(moving, {QRectF{120, 200, 8, 20}}, 5, 8).corner.x(), 104.0);  // middles: 124 and 123
    QVERIFY(snapBox(moving, {QRectF{300, 300, 40, 20}}, 5, 8).guides.empty());
  }

  void theMinimapStandsInAFreeCornerAndGoesWhereItIsPressed() {
    addTwo();
    auto& view = tab().view();
    auto* map = view.findChild<Minimap*>();
    QVERIFY(map != nullptr);
    view.fitAll();
    QTRY_VERIFY(!map->isVisible());  // all of it is seen
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), {4000, 3000});
    view.zoomTo(1);
    view.centerOn(0, 0);
    QTRY_VERIFY(map->isVisible());
    QCOMPARE(nodesBelow(*map), 0);
    const auto seen = [&view] { return view.mapToScene(view.viewport()->rect()).boundingRect(); };
    const auto middle = tab().scene().nodesRect().united(seen()).center();
    QTest::mousePress(map, Qt::LeftButton, {}, map->rect().center());
    // A pixel of the map is some thirty of the drawing.
    QVERIFY2(QLineF(seen().center(), middle).length() < 100, "it went elsewhere");
    // The map is of what there is and what is seen, which is another place now.
    const auto before = tab().scene().nodesRect().united(seen()).center();
    const auto place = map->rect().center() + QPoint{30, 0};
    QMouseEvent move{QEvent::MouseMove, place, map->mapToGlobal(place), Qt::NoButton, Qt::LeftButton, {}};
    QApplication::sendEvent(map, &move);
    QVERIFY(seen().center().x() > before.x() + 300);
    QVERIFY(std::abs(seen().center().y() - before.y()) < 100);
    QTest::mouseRelease(map, Qt::LeftButton, {}, place);
    QCOMPARE(tab().document().undoStack().count(), 3);  // looking changes nothing

    // Where a node comes below it, it goes to another corner.
    view.centerOn(0, 0);
    QTRY_VERIFY(map->isVisible());
    const auto corner = map->pos();
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), view.mapToScene(map->geometry().center()));
    QTRY_VERIFY(map->pos() != corner);
    QCOMPARE(nodesBelow(*map), 0);
    view.setMinimapShown(false);
    QVERIFY(!map->isVisible());
    view.setMinimapShown(true);
    QVERIFY(map->isVisible());
  }

  void picturesAreWrittenWhole() {
    addTwo();
    const auto png = m_place.path(QStringLiteral("drawn.png"));
    tab().scene().select({"generator"});
    QVERIFY(exportPicture(tab().scene(), png).has_value());
    QCOMPARE(tab().scene().selectedActors(), std::vector<std::string>{"generator"});
    const QImage image{png};
    QVERIFY(image.width() > 2 * 192);
    const auto svg = m_place.path(QStringLiteral("drawn.svg"));
    QVERIFY(exportPicture(tab().scene(), svg).has_value());
    QFile file{svg};
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().contains("generator"));
    QVERIFY(!exportPicture(tab().scene(), m_place.path(QStringLiteral("drawn.txt"))).has_value());
    QVERIFY(!exportPicture(tab().scene(), m_place.path(QStringLiteral("no/such/drawn.png"))).has_value());
    m_place.window().newDocument();
    QVERIFY(!exportPicture(tab().scene(), png).has_value());
  }

  void keysAreChangedKeptAndClashesRefused() {
    auto keys = m_place.window().commands().keys();
    keys[QStringLiteral("Edit/Group")] = {QKeySequence{Qt::Key_W}};
    QCOMPARE(Commands::clashes(keys).size(), std::size_t{1});
    SettingsDialog dialog{m_place.window().settings(), m_place.window().commands()};
    keys[QStringLiteral("Edit/Group")] = {QKeySequence{Qt::Key_J}};
    m_place.window().commands().setKeys(keys);
    addTwo();
    key(Qt::Key_A, Qt::ControlModifier);
    key(Qt::Key_J);
    QCOMPARE(layout().groups.size(), std::size_t{1});
    // Another window of a later start has it, too.
    QCOMPARE(MainWindow{}.commands().find(QStringLiteral("Edit/Group"))->shortcut(), QKeySequence{Qt::Key_J});
    m_place.window().commands().setKeys({});
    QCOMPARE(m_place.window().commands().find(QStringLiteral("Edit/Group"))->shortcut(), QKeySequence{Qt::Key_G});
    QVERIFY(!m_place.window().settings().keysOf(QStringLiteral("Edit/Group")).has_value());
  }

  void everyCommandHasANameNoTwoShareAKeyAndThePaletteListsThem() {
    std::set<QString> names;
    for (const auto& command : m_place.window().commands().entries()) {
      QVERIFY2(names.insert(command.name).second, qPrintable(command.name));
    }
    QVERIFY(Commands::clashes(m_place.window().commands().keys()).empty());
    // Every action of the menus is one of them, and so in the palette.
    for (const auto* action : m_place.window().findChildren<QAction*>()) {
      if (action->isSeparator() || action->menu() != nullptr || action->text().isEmpty()) continue;
      if (qobject_cast<const QWidget*>(action->parent()) != nullptr && action->parent() != &m_place.window() &&
          !action->parent()->inherits("QMenu")) {
        continue;
      }
      const auto isSame = [action](const Commands::Entry& e) { return e.action == action; };
      QVERIFY2(std::ranges::any_of(m_place.window().commands().entries(), isSame), qPrintable(action->text()));
    }
  }

  void arrangementsAreKeptAsTheUserLeftThem() {
    auto* palette = m_place.window().findChild<QDockWidget*>(QStringLiteral("Palette"));
    QVERIFY(palette->isVisible());
    key(Qt::Key_2, Qt::ControlModifier);
    QVERIFY(palette->isHidden());
    palette->show();
    key(Qt::Key_1, Qt::ControlModifier);
    QVERIFY(palette->isVisible());
    palette->hide();
    key(Qt::Key_2, Qt::ControlModifier);
    QVERIFY(palette->isVisible());
    key(Qt::Key_1, Qt::ControlModifier);
    QVERIFY(palette->isHidden());
    m_place.window().commands().find(QStringLiteral("View/As usual again"))->trigger();
    QVERIFY(palette->isVisible());
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] const topology& spec() const { return tab().document().spec(); }
  [[nodiscard]] const TopologyLayout& layout() const { return tab().document().layout(); }

  int nodesBelow(const Minimap& map) const {
    int nodes = 0;
    for (const auto* item : tab().view().items(map.geometry())) nodes += item->type() == NodeItem::Type ? 1 : 0;
    return nodes;
  }
  void addTwo() {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), {400, 80});
    tab().setFocus();
  }
  static void key(Qt::Key k, Qt::KeyboardModifiers modifiers = {}) {
    QTest::keyClick(QApplication::focusWidget(), k, modifiers);
  }
  void drag(QPoint from, QPoint to) const {
    auto* viewport = tab().view().viewport();
    QTest::mousePress(viewport, Qt::LeftButton, {}, from);
    QTest::mouseMove(viewport, (from + to) / 2);
    QTest::mouseMove(viewport, to);
    QTest::mouseRelease(viewport, Qt::LeftButton, {}, to);
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::CanvasTest)
#include "canvas_test.moc"
