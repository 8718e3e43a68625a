#include <sys/stat.h>

#include <QClipboard>
#include <QDragEnterEvent>
#include <QMessageBox>
#include <QMimeData>
#include <QPointer>
#include <QPushButton>
#include <QTest>
#include <set>

#include "core/deployment.hpp"
#include "core/placement_edits.hpp"
#include "millrace/transport/key_file.hpp"
#include "panels/add_node_dialog.hpp"
#include "panels/plan_dialog.hpp"
#include "remote_node.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;
using testing::RemoteNode;

/// Nodes of other machines, from the window: real node processes, asked by the test over connections of its own.
class NodesTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  /// Journey 5.
  void aNodeIsAddedByAWordAndDeployedToWithAPlan() {
    RemoteNode far{QStringLiteral("far"), m_place.path({})};
    QVERIFY(far.start());
    QVERIFY(m_place.open(counted(2000)));
    QGuiApplication::clipboard()->setText(far.invite("ada", "operator"));
    m_place.tab().setFocus();
    testing::User user;
    user.key(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
    auto* adding = m_place.window().findChild<AddNodeDialog*>();
    QVERIFY(adding != nullptr);
    QTRY_VERIFY_WITH_TIMEOUT(adding->word().hasFocus(), patience);
    user.key(Qt::Key_V, Qt::ControlModifier);
    QCOMPARE(toStd(adding->fingerprint()), far.call("node").value("fingerprint", ""));
    user.key(Qt::Key_T, Qt::AltModifier);
    QTRY_VERIFY_WITH_TIMEOUT(adding->confirmation().isChecked(), patience);
    const QPointer<AddNodeDialog> open{adding};
    user.key(Qt::Key_Return);
    QTRY_VERIFY2_WITH_TIMEOUT(open == nullptr, qPrintable(open == nullptr ? QString{} : open->message()), patience);
    QTRY_VERIFY2_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, qPrintable(session().message()),
                              patience);
    QCOMPARE(toStd(session().target().address), far.address());

    m_place.window().activateWindow();
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().isActiveWindow(), patience);
    m_place.tab().setFocus();
    user.key(Qt::Key_F5, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() != nullptr && planDialog()->isActiveWindow(), patience);
    const auto* focused = qobject_cast<QPushButton*>(planDialog()->focusWidget());
    QVERIFY(focused != nullptr && focused->text() == QStringLiteral("&Deploy"));
    QCOMPARE(far.state("counted"), std::string{});  // nothing is done before it is confirmed
    user.key(Qt::Key_Return);
    QCOMPARE(user.events(), 6);
    QTRY_VERIFY_WITH_TIMEOUT(far.state("counted") == "finished", patience);
    const auto lines = testing::eventsBelow(m_place.path(QStringLiteral("counted")));
    QCOMPARE(lines.size(), std::size_t{2000});
    QCOMPARE((std::set<QByteArray>{lines.begin(), lines.end()}).size(), std::size_t{2000});
    QCOMPARE(session().processId(), qint64{0});  // no engine of its own was needed

    // The secret is in a file of its user's alone, and nowhere in the settings, which know the node the next time.
    const auto keyFile = session().target().keyFile;
    struct stat info {};
    QCOMPARE(::stat(qPrintable(keyFile), &info), 0);
    QCOMPARE(info.st_mode & 0777U, mode_t{0600});
    const auto key = transport::read_key_file(toStd(keyFile));
    QVERIFY(key.has_value());
    QCOMPARE(m_place.window().settings().problem(), QString{});
    QFile kept{Settings::path()};
    QVERIFY(kept.open(QIODevice::ReadOnly));
    const auto settings = kept.readAll();
    QVERIFY(settings.contains(far.address().c_str()));
    QVERIFY(!settings.contains(key->keys.own.secret_key.c_str()));
    QVERIFY(m_place.openWindow());
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
    QCOMPARE(toStd(session().target().address), far.address());
  }

  void aPlanSaysWhatChangesAndEscapeLeavesItAsItIs() {
    RemoteNode far{QStringLiteral("far"), m_place.path({})};
    QVERIFY(far.start());
    visit(far);
    QVERIFY(m_place.open(counted(0)));
    deploy();
    QTRY_VERIFY_WITH_TIMEOUT(far.state("counted") == "running", patience);
    auto& document = m_place.tab().document();
    document.push(parameterChange(document, "events", "rate", param_value{5.0}));
    document.push(parallelismChange(document, "file", 2));
    m_place.window().nodes().deploy();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() != nullptr, patience);
    QStringList lines;
    const auto* list = planDialog()->findChild<QListWidget*>();
    for (int i = 0; i < list->count(); ++i) lines << list->item(i)->text();
    QVERIFY2(lines.filter(QStringLiteral("rate")).size() == 1, qPrintable(lines.join(QLatin1Char('\n'))));
    planDialog()->reject();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() == nullptr, patience);
    QTRY_COMPARE_WITH_TIMEOUT(session().pendingCommands(), std::size_t{0}, patience);
    QCOMPARE(session().differsFromDeployed(document), std::optional{true});
    // F5 elsewhere than in the window's own engine asks, too.
    m_place.window().nodes().run();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() != nullptr, patience);
  }

  void aNodeThatGoesIsMissedAndFoundAgain() {
    RemoteNode far{QStringLiteral("far"), m_place.path({})};
    QVERIFY(far.start());
    visitWithKey(far);
    QVERIFY(m_place.open(counted(0)));
    deploy();
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->uptimeS > 0, patience);
    far.kill();
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    QVERIFY(m_place.window().engine().banner()->text().contains(session().target().name + QStringLiteral(" lost")));
    QVERIFY(m_place.figures() != nullptr);
    QVERIFY(far.start());
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
    // Another target: nothing of this one stays on show, and it goes on there.
    m_place.window().nodes().choose({});
    QVERIFY(session().target().isEmbedded() && m_place.figures() == nullptr);
    QCOMPARE(session().state(), EngineSession::State::Off);
    QTRY_VERIFY_WITH_TIMEOUT(far.state("counted") == "running", patience);
  }

  void actorsArePlacedByDragAndByKeyboardAndRunThere() {
    RemoteNode near{QStringLiteral("near"), m_place.path({})}, far{QStringLiteral("far"), m_place.path({})};
    QVERIFY(near.start() && far.start());
    QVERIFY(far.join(near.call("node_invite").value("token", "")));
    visit(near);
    QVERIFY(m_place.open(counted(0)));
    auto& nodes = *m_place.window().nodes().panel();
    m_place.window().raisePanel(QStringLiteral("Nodes"));
    QTRY_VERIFY_WITH_TIMEOUT(nodes.model().rowCount() == 2 && nodes.model().nodes()[1].health == Health::Ok, patience);
    QCOMPARE(nodes.model().nodes()[0].version, toQt(near.call("node").value("version", "?")));

    drop(nodes.model(), 1, "events");
    const auto& document = m_place.tab().document();
    const std::vector<std::string> there{"far"};
    QCOMPARE(document.layout().pins.at("events"), there);
    m_place.tab().document().undoStack().undo();
    QVERIFY(document.layout().pins.empty());
    m_place.tab().scene().select({"file"});
    m_place.tab().setFocus();
    testing::User user;
    user.key(Qt::Key_N);
    user.type("far");
    user.key(Qt::Key_Return);
    QCOMPARE(user.events(), 5);
    QCOMPARE(document.layout().pins.at("file"), there);
    QCOMPARE(m_place.tab().scene().node("file")->content().pins, QStringLiteral("far"));
    deploy();
    // Where it runs says the node that leads; what it writes is there.
    QTRY_COMPARE_WITH_TIMEOUT(nodeOf(near, "file"), std::string{"far"}, patience);
    QCOMPARE(nodeOf(near, "events"), std::string{});
    QTRY_VERIFY_WITH_TIMEOUT(!testing::eventsBelow(m_place.path(QStringLiteral("counted"))).empty(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(nodes.model().nodes()[1].tasks.contains(QStringLiteral("counted: file/0")), patience);
    QCOMPARE(near.call("plan", deploymentArguments(document)).at("changes").size(), std::size_t{0});
    m_place.tab().document().push(unplacing(document, {"file"}));
    const auto changes = near.call("plan", deploymentArguments(document)).at("changes");
    QVERIFY(changes.size() == 1 && changes[0].value("where", "") == "placement");
  }

  void thePlanSpreadsATopologyOverNodesAndItRunsThere() {
    RemoteNode near{QStringLiteral("near"), m_place.path({})}, far{QStringLiteral("far"), m_place.path({})};
    QVERIFY(near.start() && far.start());
    QVERIFY(far.join(near.call("node_invite").value("token", "")));
    visit(near);
    QVERIFY(m_place.open(dealtToTwo()));
    const auto& document = m_place.tab().document();
    m_place.window().nodes().deploy();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() != nullptr && planDialog()->placement().isVisible(), patience);
    auto& table = planDialog()->placement();
    QCOMPARE(table.columnCount(), 2);
    QCOMPARE(table.rowCount(), static_cast<int>(document.spec().actors.size()) + 1);
    // By the keyboard: all on both, and the events on the first.
    testing::User user;
    table.setFocus();
    table.setCurrentCell(0, 0);
    user.key(Qt::Key_Space);
    QTRY_COMPARE(document.layout().nodes, (std::vector<std::string>{"near"}));
    QTRY_COMPARE(table.item(1, 0)->text(), QStringLiteral("•"));
    user.key(Qt::Key_Right);
    user.key(Qt::Key_Space);
    QTRY_COMPARE(document.layout().nodes, (std::vector<std::string>{"near", "far"}));
    const auto row = rowOf(table, "events");
    for (int i = 0; i < row; ++i) user.key(Qt::Key_Down);
    user.key(Qt::Key_Left);
    user.key(Qt::Key_Space);
    QTRY_COMPARE(document.layout().pins.at("events"), (std::vector<std::string>{"near"}));
    QTRY_VERIFY_WITH_TIMEOUT(deployButton()->isEnabled(), patience);
    // Every tick is a step of undo, and of the drawing alone.
    QCOMPARE(document.undoStack().count(), 3);
    planDialog()->accept();
    QTRY_COMPARE_WITH_TIMEOUT(nodeOfTask(near, "file", 1), std::string{"far"}, patience);
    QCOMPARE(nodeOfTask(near, "file", 0), std::string{});
    QCOMPARE(nodeOf(near, "events"), std::string{});
    QCOMPARE(near.call("plan", deploymentArguments(document)).at("changes").size(), std::size_t{0});
  }

  void thoseThatTakeTurnsKeepThemWhenOneIsAdded() {
    PlacementTable table;
    NodeFacts a, b, c;
    a.name = QStringLiteral("a");
    b.name = QStringLiteral("b");
    c.name = QStringLiteral("c");
    TopologyLayout layout;
    layout.pins["sum"] = {"b", "a"};
    table.show({"sum"}, {a, b, c}, layout);
    std::vector<std::string> wanted;
    connect(&table, &PlacementTable::wanted, this, [&wanted](const auto&, const auto& nodes) { wanted = nodes; });
    table.item(1, 2)->setCheckState(Qt::Checked);
    QCOMPARE(wanted, (std::vector<std::string>{"b", "a", "c"}));
    table.item(1, 0)->setCheckState(Qt::Unchecked);
    QCOMPARE(wanted, (std::vector<std::string>{"b", "c"}));
  }

  void aNodeThatIsNotThereIsToldInThePlan() {
    RemoteNode near{QStringLiteral("near"), m_place.path({})};
    QVERIFY(near.start());
    visit(near);
    QVERIFY(m_place.open(counted(0)));
    auto& document = m_place.tab().document();
    document.push(spreading(document, {"gone"}));
    m_place.window().nodes().deploy();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() != nullptr && planDialog()->placement().columnCount() == 2, patience);
    auto& table = planDialog()->placement();
    QVERIFY(table.horizontalHeaderItem(1)->toolTip().contains(QStringLiteral("does not know")));
    QVERIFY(!deployButton()->isEnabled());
    // Unticked it goes.
    table.item(0, 1)->setCheckState(Qt::Unchecked);
    QTRY_VERIFY_WITH_TIMEOUT(deployButton()->isEnabled(), patience);
    QVERIFY(document.layout().nodes.empty());
  }

  void keysAreMadeListedAndRevokedAndTheLogIsRead() {
    RemoteNode far{QStringLiteral("far"), m_place.path({})};
    QVERIFY(far.start());
    visit(far);
    auto& panel = *m_place.window().nodes().panel();
    auto& access = panel.access();
    m_place.window().raisePanel(QStringLiteral("Nodes"));
    panel.pages().setCurrentIndex(1);
    const auto path = m_place.path(QStringLiteral("vic.key"));
    access.createKey(QStringLiteral("vic"), QStringLiteral("viewer"), {}, path);
    QTRY_COMPARE_WITH_TIMEOUT(access.keys().rowCount(), 1, patience);
    QTRY_VERIFY_WITH_TIMEOUT(access.keysMessage().contains(path), patience);
    QCOMPARE(access.keys().at(0).cells[1], QStringLiteral("viewer"));
    panel.pages().setCurrentIndex(2);
    QTRY_VERIFY_WITH_TIMEOUT(access.entries().rowCount() > 0, patience);
    QCOMPARE(access.entries().at(0).cells[2], QStringLiteral("key_create"));
    QVERIFY2(access.auditMessage().contains(QStringLiteral("as they were written")), qPrintable(access.auditMessage()));

    // Who holds that key may look, and reads why no more.
    auto target = targetOfKeyFile(path);
    QVERIFY(target.has_value());
    m_place.window().nodes().visit(*target);
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
    QTRY_VERIFY_WITH_TIMEOUT(access.auditMessage().contains(QStringLiteral("needs the role admin")), patience);
    QCOMPARE(access.entries().rowCount(), 0);
    panel.pages().setCurrentIndex(0);
    QTRY_COMPARE_WITH_TIMEOUT(panel.model().rowCount(), 1, patience);

    visit(far);
    panel.pages().setCurrentIndex(1);
    QTRY_COMPARE_WITH_TIMEOUT(access.keys().rowCount(), 1, patience);
    auto* table = access.keysPage()->findChild<QTreeView*>();
    table->setCurrentIndex(access.keys().index(0, 0));
    access.revokeCurrent();
    auto* question = m_place.window().findChild<QMessageBox*>();
    QVERIFY(question != nullptr);
    QCOMPARE(far.call("key_list")[0].value("revoked_at", "?"), std::string{});  // not before the answer
    for (auto* button : question->buttons()) {
      if (question->buttonRole(button) == QMessageBox::DestructiveRole) button->click();
    }
    QTRY_VERIFY_WITH_TIMEOUT(!far.call("key_list")[0].value("revoked_at", "").empty(), patience);
    m_place.window().nodes().visit(*target);
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
  }

private:
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }
  [[nodiscard]] PlanDialog* planDialog() const { return m_place.window().findChild<PlanDialog*>(); }

  [[nodiscard]] QPushButton* deployButton() const {
    for (auto* button : planDialog()->findChildren<QPushButton*>()) {
      if (button->text().contains(QStringLiteral("Deploy"))) return button;
    }
    return nullptr;
  }
  static int rowOf(const PlacementTable& table, const char* actor) {
    for (int row = 0; row < table.rowCount(); ++row) {
      if (table.verticalHeaderItem(row)->text() == QLatin1String(actor)) return row;
    }
    return -1;
  }
  /// As its user on its own machine: without a key.
  void visit(const RemoteNode& node) {
    m_place.window().nodes().visit({QStringLiteral("there"), toQt(node.socket()), {}, {}});
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
  }
  /// As from another machine.
  void visitWithKey(RemoteNode& node) {
    const auto own = *transport::make_curve_keys();
    const auto made = node.call("key_create", {{"name", "op"}, {"role", "operator"}, {"public_key", own.public_key}});
    const auto path = m_place.path(QStringLiteral("op.key"));
    QVERIFY(transport::write_key_file(toStd(path), {"op", node.address(), {made.value("server_key", ""), own}}));
    m_place.window().nodes().visit(*targetOfKeyFile(path));
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
  }
  void deploy() {
    m_place.window().nodes().deploy();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() != nullptr, patience);
    planDialog()->accept();
    QTRY_VERIFY_WITH_TIMEOUT(planDialog() == nullptr, patience);
  }
  /// A real drag does not work without a display: its events do.
  void drop(const NodesModel& model, int row, const std::string& actor) {
    auto& view = m_place.tab().view();
    const std::unique_ptr<QMimeData> mime{model.mimeData({model.index(row, 0)})};
    const auto at = view.mapFromScene(m_place.tab().scene().node(actor)->sceneBoundingRect().center());
    QDragEnterEvent enter{at, Qt::CopyAction, mime.get(), Qt::LeftButton, {}};
    QCoreApplication::sendEvent(view.viewport(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent let{QPointF{at}, Qt::CopyAction, mime.get(), Qt::LeftButton, {}};
    QCoreApplication::sendEvent(view.viewport(), &let);
  }
  static std::string nodeOf(RemoteNode& lead, const std::string& actor) { return nodeOfTask(lead, actor, 0); }
  static std::string nodeOfTask(RemoteNode& lead, const std::string& actor, int partition) {
    for (const auto& task : lead.call("status", {{"topology", "counted"}}).value("tasks", nlohmann::json::array())) {
      if (task.value("actor", "") == actor && task.value("partition", 0) == partition) return task.value("node", "");
    }
    return {};
  }
  /// `count` events into a file; 0: without end.
  static topology counted(std::int64_t count) {
    topology t;
    t.name = "counted";
    t.settings.snapshot_interval = std::chrono::milliseconds{200};
    t.add("events", "millrace.generator", {{"rate", 2000.0}});
    if (count > 0) t.actors.front().params["count"] = count;
    t.add("file", "millrace.file_sink", {{"path", std::string{"counted"}}});
    return t.connect("events", "file");
  }

  /// Events without end, in turn to two files.
  static topology dealtToTwo() {
    auto t = counted(0);
    t.actors.back().parallelism = 2;
    t.streams.clear();
    t.add("deal", "millrace.round_robin");
    return t.connect("events", "deal").connect("deal", "file");
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::NodesTest)
#include "nodes_test.moc"
