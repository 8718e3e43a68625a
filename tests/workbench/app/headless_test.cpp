#include <QDir>
#include <QProcess>
#include <QTest>
#include <algorithm>
#include <vector>

#include "core/text.hpp"
#include "straight_run.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

namespace {

QByteArray bytesOf(const QString& path) {
  QFile file{path};
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
}

}  // namespace

/// What is drawn by keys alone, saved, and run by the command has the same result as run from the window.
class HeadlessTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void drawnSavedAndRunByTheCommandIsTheSame() {
    draw();
    const auto here = m_place.path(QStringLiteral("here/drawn.mill"));
    const auto there = m_place.path(QStringLiteral("there/drawn.mill"));
    for (const auto& path : {here, there}) {
      QVERIFY(QDir{}.mkpath(QFileInfo{path}.absolutePath()));
      QVERIFY(tab().file().save(path).has_value());
    }
    // Saved twice, in two places: the same bytes.
    QCOMPARE(bytesOf(here), bytesOf(there));
    QCOMPARE(bytesOf(DocumentFile::layoutPath(here)), bytesOf(DocumentFile::layoutPath(there)));

    QProcess headless;
    headless.setWorkingDirectory(QFileInfo{there}.absolutePath());
    headless.start(QStringLiteral(MILLRACE_COMMAND), {QStringLiteral("run"), there, QStringLiteral("--no-table")});
    QVERIFY(headless.waitForFinished(patience));
    QVERIFY2(headless.exitCode() == 0, headless.readAllStandardError());

    QVERIFY(m_place.window().openFile(here));
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->state == QLatin1String("finished"),
                             patience);
    const auto fromWindow = testing::sortedBelow(QFileInfo{here}.absolutePath());
    const auto fromCommand = testing::sortedBelow(QFileInfo{there}.absolutePath());
    QVERIFY(fromWindow.size() > 10);
    QCOMPARE(fromWindow, fromCommand);
  }

  void movingChangesTheLayoutAlone() {
    draw();
    const auto path = m_place.path(QStringLiteral("moved.mill"));
    QVERIFY(tab().file().save(path).has_value());
    const auto text = bytesOf(path);
    const auto layout = bytesOf(DocumentFile::layoutPath(path));
    testing::User user;
    tab().setFocus();
    user.key(Qt::Key_A, Qt::ControlModifier);
    user.key(Qt::Key_Right);
    user.key(Qt::Key_G);
    user.key(Qt::Key_C);
    tab().setFocus();
    QVERIFY(m_place.window().save());
    QCOMPARE(bytesOf(path), text);
    QVERIFY(bytesOf(DocumentFile::layoutPath(path)) != layout);
  }

  /// Every panel takes the keyboard by a command, and the palette finds every command by its words.
  void everythingIsReachedByTheKeyboard() {
    draw();
    int panels = 0;
    for (const auto& command : m_place.window().commands().entries()) {
      if (!command.name.startsWith(QLatin1String("Go to/"))) continue;
      command.action->trigger();
      const auto* focus = QApplication::focusWidget();
      QVERIFY2(focus != nullptr, qPrintable(command.name));
      const auto title = command.name.section(QLatin1Char('/'), 1);
      const auto* dock = m_place.window().findChild<QWidget*>(title);
      QVERIFY2(
          title == QLatin1String("Canvas") ? tab().isAncestorOf(focus) : dock != nullptr && dock->isAncestorOf(focus),
          qPrintable(command.name));
      ++panels;
    }
    QVERIFY(panels >= 8);
    // Go by Alt and a digit, back to the canvas by Alt+0.
    tab().setFocus();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_0, Qt::AltModifier);
    QVERIFY(tab().isAncestorOf(QApplication::focusWidget()));
    // A command without a key of its own.
    testing::User user;
    user.key(Qt::Key_A, Qt::ControlModifier);
    const auto steps = tab().document().undoStack().count();
    user.key(Qt::Key_K, Qt::ControlModifier);
    user.type("top edges");
    user.key(Qt::Key_Return);
    QVERIFY(tab().document().undoStack().count() <= steps + 1);
    QCOMPARE(tab().document().layout().places.at("generator").y(),
             tab().document().layout().places.at("file_sink").y());
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }

  /// Generator, keys, window and file by keys; how many events, in the outline's place: the inspector.
  void draw() {
    testing::User user;
    for (const auto* letters : {"gen", "win", "fsi"}) {
      user.key(Qt::Key_Tab);
      user.type(letters);
      user.key(Qt::Key_Return);
    }
    auto edit = tab().document().edit();
    auto actor = *tab().document().spec().find("generator");
    actor.params["count"] = std::int64_t{3000};
    actor.params["seed"] = std::int64_t{7};
    actor.params["rate"] = 0.0;
    edit.changeActor(*edit.find("generator"), std::move(actor));
    tab().document().push(edit.take(QStringLiteral("Count")));
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::HeadlessTest)
#include "headless_test.moc"
