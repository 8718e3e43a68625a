#include <QDragEnterEvent>
#include <QDropEvent>
#include <QMimeData>
#include <QTest>
#include <memory>

#include "core/text.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// Types of actors: how they come, what is said where they do not, and how they get onto the canvas.
class PaletteTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { m_place.surround(); }
  void cleanup() { m_place.close(); }

  void anEngineThatHangsIsGivenUpAndAskedAgain() {
    // Hangs as long as a file says so, and writes its process id down.
    pretend("echo $$ > '%3'; [ -e '%2' ] && exec sleep 600; exec %1 \"$@\"");
    QVERIFY(m_place.write(QStringLiteral("broken"), {}));
    openWindow();
    QTRY_VERIFY_WITH_TIMEOUT(palette().notice().contains(QStringLiteral("asking the engine")), patience);
    QCOMPARE(buttonText(), QStringLiteral("Cancel"));
    // By the keyboard: from the filter to the button.
    palette().focusFilter();
    testing::User user;
    user.key(Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), &palette().noticeButton());
    QTRY_VERIFY_WITH_TIMEOUT(processId() > 0, patience);
    user.key(Qt::Key_Space);
    QVERIFY2(palette().notice().contains(QStringLiteral("not waited for")), qPrintable(palette().notice()));
    QVERIFY(!window().catalogueSource().isLoading());
    // Nobody is left behind.
    QVERIFY(!QFile::exists(QStringLiteral("/proc/%1").arg(processId())));
    // Meanwhile the rest works, and says what is missing.
    m_place.tab().searchType();
    QVERIFY(QFile::remove(m_place.path(QStringLiteral("broken"))));
    QCOMPARE(buttonText(), QStringLiteral("Try again"));
    user.key(Qt::Key_Space);
    QTRY_VERIFY_WITH_TIMEOUT(palette().hasType(QStringLiteral("Sources"), QStringLiteral("millrace.generator")),
                             patience);
    QCOMPARE(palette().notice(), QString{});
    m_place.tab().addType(QStringLiteral("millrace.generator"));
    QCOMPARE(m_place.tab().document().spec().actors.size(), std::size_t{1});
  }

  void whatFailsSaysWhyAndIsTriedAgain() {
    pretend("[ -e '%2' ] && { echo nonsense; exit $(cat '%2'); }; exec %1 \"$@\"");
    for (const auto& [code, words] : {std::pair{"0", "cannot be read"}, {"7", "exit code 7"}}) {
      QVERIFY(m_place.write(QStringLiteral("broken"), code));
      openWindow();
      QTRY_VERIFY2_WITH_TIMEOUT(palette().notice().contains(QLatin1String(words)), qPrintable(palette().notice()),
                                patience);
      palette().noticeButton().click();
      QTRY_VERIFY_WITH_TIMEOUT(!window().catalogueSource().isLoading(), patience);
      QVERIFY(palette().notice().contains(QLatin1String(words)));
      QVERIFY(QFile::remove(m_place.path(QStringLiteral("broken"))));
      palette().noticeButton().click();
      QTRY_COMPARE_WITH_TIMEOUT(palette().notice(), QString{}, patience);
      QVERIFY(palette().hasType(QStringLiteral("Sinks"), QStringLiteral("millrace.file_sink")));
    }
  }

  void whatIsKnownStaysWhenAskingAgainFails() {
    pretend("[ -e '%2' ] && exit 7; exec %1 \"$@\"");
    QVERIFY(m_place.openWindow());
    const auto types = window().catalogueSource().catalogue().types().size();
    QVERIFY(m_place.write(QStringLiteral("broken"), {}));
    Q_EMIT palette().retryWanted();
    QTRY_VERIFY_WITH_TIMEOUT(palette().notice().contains(QStringLiteral("as they were")), patience);
    QVERIFY(palette().hasType(QStringLiteral("Sources"), QStringLiteral("millrace.generator")));
    QCOMPARE(window().catalogueSource().catalogue().types().size(), types);
  }

  void aTypeIsDraggedToWhereItIsDropped() {
    QVERIFY(m_place.openWindow());
    auto& view = m_place.tab().view();
    const std::unique_ptr<QMimeData> dragged{mimeOf(QStringLiteral("millrace.window"))};
    QVERIFY(dragged != nullptr);
    const QPoint at{300, 200};
    const auto place = view.mapToScene(at);
    drag(*dragged, at);
    const auto& document = m_place.tab().document();
    QCOMPARE(document.spec().actors.size(), std::size_t{1});
    QCOMPARE(document.spec().actors[0].type, std::string{"millrace.window"});
    const auto dropped = document.layout().places.at(document.spec().actors[0].name);
    QVERIFY2(QLineF(dropped, place).length() < nodeBoxMax, "it stands elsewhere");
    // One step, and nothing but the actor.
    QCOMPARE(document.undoStack().count(), 1);
    QVERIFY(document.spec().streams.empty());
    // Something else that is dropped is no actor.
    QMimeData other;
    other.setText(QStringLiteral("millrace.window"));
    drag(other, at + QPoint{0, 200});
    QCOMPARE(document.spec().actors.size(), std::size_t{1});
  }

private:
  /// Further than this from the pointer it is not where it was dropped.
  static constexpr double nodeBoxMax = 250;

  [[nodiscard]] MainWindow& window() const { return m_place.window(); }
  [[nodiscard]] PalettePanel& palette() const { return window().palette(); }
  [[nodiscard]] QString buttonText() const { return palette().noticeButton().text().remove(QLatin1Char('&')); }
  [[nodiscard]] qint64 processId() const {
    QFile file{m_place.path(QStringLiteral("pid"))};
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().toLongLong() : 0;
  }

  /// In the place of the program: a script; %1 is the real one, %2 a file that breaks it while it is there, %3 one to
  /// write to.
  void pretend(const char* words) {
    const auto program = m_place.path(QStringLiteral("millrace"));
    QVERIFY(m_place.write(QStringLiteral("millrace"),
                          QStringLiteral("#!/bin/sh\n%1\n")
                              .arg(QLatin1String(words))
                              .replace(QStringLiteral("%1"), QStringLiteral(MILLRACE_COMMAND))
                              .replace(QStringLiteral("%2"), m_place.path(QStringLiteral("broken")))
                              .replace(QStringLiteral("%3"), m_place.path(QStringLiteral("pid")))
                              .toUtf8()));
    QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    qputenv("MILLRACE_COMMAND", QFile::encodeName(program));
  }
  /// One that does not know its types yet.
  void openWindow() { QVERIFY(m_place.openWindowOnly()); }

  [[nodiscard]] QMimeData* mimeOf(const QString& type) const {
    auto& tree = palette().tree();
    for (int group = 0; group < tree.topLevelItemCount(); ++group) {
      for (int i = 0; i < tree.topLevelItem(group)->childCount(); ++i) {
        if (tree.topLevelItem(group)->child(i)->data(0, Qt::UserRole).toString() != type) continue;
        return tree.model()->mimeData({tree.model()->index(i, 0, tree.model()->index(group, 0))});
      }
    }
    return nullptr;
  }
  void drag(const QMimeData& mime, QPoint at) const {
    auto* canvas = m_place.tab().view().viewport();
    QDragEnterEvent enter{at, Qt::CopyAction, &mime, Qt::LeftButton, {}};
    QApplication::sendEvent(canvas, &enter);
    QDragMoveEvent move{at, Qt::CopyAction, &mime, Qt::LeftButton, {}};
    QApplication::sendEvent(canvas, &move);
    QDropEvent drop{at, Qt::CopyAction, &mime, Qt::LeftButton, {}};
    QApplication::sendEvent(canvas, &drop);
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::PaletteTest)
#include "palette_test.moc"
