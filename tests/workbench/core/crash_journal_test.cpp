#include "core/crash_journal.hpp"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "core/document_file.hpp"
#include "core/line_diff.hpp"

namespace millrace::workbench {

class CrashJournalTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void whatACrashedWorkbenchHadNotSavedIsFound() {
    // A copy of what a living journal wrote stands for what a dead one left: nobody holds its lock.
    DocumentFile file{1};
    const auto left = folder() + QStringLiteral("/left.journal");
    {
      CrashJournal journal{file.document(), folder()};
      change(file.document(), "kept");
      QTRY_COMPARE(journals().size(), 1);
      QVERIFY(CrashJournal::find(folder()).empty());  // its owner lives
      QVERIFY(QFile::copy(journals().first().absoluteFilePath(), left));
    }
    QCOMPARE(journals().size(), 1);
    const auto found = CrashJournal::find(folder());
    QCOMPARE(found.size(), std::size_t{1});
    QVERIFY(found[0].drawing.spec == file.document().spec());
    QCOMPARE(found[0].drawing.layout.places.at("kept"), QPointF(8, 16));
    auto back = DocumentFile::recovered(found[0].drawing, found[0].path);
    QVERIFY(back.document().isModified());
    CrashJournal::discard(found[0]);
    QVERIFY(CrashJournal::find(folder()).empty());
  }

  void savingAndClosingLeaveNothingBehind() {
    DocumentFile file{1};
    {
      CrashJournal journal{file.document(), folder()};
      change(file.document(), "a");
      QTRY_COMPARE(journals().size(), 1);
      QVERIFY(file.save(m_folder.filePath(QStringLiteral("saved.mill"))).has_value());
      QTRY_COMPARE(journals().size(), 0);
      change(file.document(), "b");
      QTRY_COMPARE(journals().size(), 1);
    }
    QCOMPARE(journals().size(), 0);
  }

  void recoveredWorkIsSavedOverItsFile() {
    const auto path = m_folder.filePath(QStringLiteral("own.mill"));
    DocumentFile file{1};
    QVERIFY(file.save(path).has_value());
    auto drawing = file.document().drawing();
    drawing.spec.name = "recovered";
    auto back = DocumentFile::recovered(drawing, path);
    QVERIFY(!back.isChangedOnDisk());
    QVERIFY(back.save(path).has_value());
    QCOMPARE(DocumentFile::open(path)->document().spec().name, std::string{"recovered"});
  }

  void damagedJournalsAreLeftAlone() {
    QVERIFY(QDir{}.mkpath(folder()));
    QFile damaged{folder() + QStringLiteral("/x.journal")};
    QVERIFY(damaged.open(QIODevice::WriteOnly));
    damaged.write("{ \"text\": 5 }");
    damaged.close();
    QVERIFY(CrashJournal::find(folder()).empty());
    QVERIFY(damaged.exists());
    QVERIFY(damaged.remove());
  }

  void differencesAreLinesThatWentAndCame() {
    QCOMPARE(lineDiff(QStringLiteral("a\nb\nc"), QStringLiteral("a\nx\nc\nd")),
             (QStringList{QStringLiteral("- b"), QStringLiteral("+ x"), QStringLiteral("+ d")}));
    QVERIFY(lineDiff(QStringLiteral("same"), QStringLiteral("same")).isEmpty());
  }

private:
  [[nodiscard]] QString folder() const { return m_folder.filePath(QStringLiteral("journal")); }
  [[nodiscard]] QFileInfoList journals() const {
    return QDir{folder()}.entryInfoList({QStringLiteral("*.journal")}, QDir::Files);
  }
  static void change(Document& document, const char* name) {
    auto edit = document.edit();
    edit.addActor({name, "t.x", 1, {}, {}, {}}, {8, 16});
    document.push(edit.take(QStringLiteral("add")));
  }

  QTemporaryDir m_folder;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::CrashJournalTest)
#include "crash_journal_test.moc"
