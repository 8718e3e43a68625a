#include "core/document_file.hpp"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "file_size_limit.hpp"

namespace millrace::workbench {

class DocumentFileTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void everySampleSurvivesOpeningAndSavingUnchangedInMeaning() {
    QDirIterator files{
        QStringLiteral(MILLRACE_SAMPLES), {QStringLiteral("*.mill")}, QDir::Files, QDirIterator::Subdirectories};
    int count = 0;
    for (; files.hasNext(); ++count) {
      const auto source = files.next();
      auto opened = DocumentFile::open(source);
      QVERIFY2(opened.has_value(), qPrintable(source));
      const auto copy = m_folder.filePath(QStringLiteral("copy.mill"));
      QVERIFY(opened->save(copy).has_value());
      const auto again = DocumentFile::open(copy);
      QVERIFY(again->document().spec() == opened->document().spec());
    }
    QVERIFY(count > 20);
  }

  void savedTwiceIsByteIdentical() {
    const auto path = written("one.mill");
    const auto first = bytes(path);
    const auto layout = bytes(DocumentFile::layoutPath(path));
    auto file = DocumentFile::open(path);
    QVERIFY(file->save(m_folder.filePath(QStringLiteral("two.mill"))).has_value());
    QCOMPARE(bytes(m_folder.filePath(QStringLiteral("two.mill"))), first);
    QCOMPARE(bytes(m_folder.filePath(QStringLiteral("two.mill.layout"))), layout);
  }

  void movingChangesOnlyTheLayoutEvenOfAFileWrittenByHand() {
    const auto path = m_folder.filePath(QStringLiteral("hand.mill"));
    // Not as the writer would put it.
    const QByteArray text =
        "{\"millrace\": 1, \"name\": \"h\", \"actors\": [{\"type\":\"t.x\", \"name\":\"a\"}], \"streams\": []}";
    put(path, text);
    auto file = DocumentFile::open(path);
    QVERIFY(file.has_value());
    auto edit = file->document().edit();
    edit.move("a", {48, 96});
    file->document().push(edit.take(QStringLiteral("move")));
    QVERIFY(file->save(path).has_value());
    QCOMPARE(bytes(path), text);
    QVERIFY(bytes(DocumentFile::layoutPath(path)).contains("\"a\": [48, 96]"));
  }

  void membersOfALayoutItDoesNotKnowAreKept() {
    const auto path = written("kept.mill");
    put(DocumentFile::layoutPath(path), "{\"millrace_layout\": 1, \"actors\": {}, \"later\": {\"x\": [1, 2]}}");
    auto file = DocumentFile::open(path);
    QVERIFY(file.has_value());
    QVERIFY(file->save(path).has_value());
    QVERIFY(bytes(DocumentFile::layoutPath(path)).contains("\"later\": {\"x\":[1,2]}"));
  }

  void membersOfATopologyItDoesNotKnowAreRefusedAndTheFileIsLeftAlone() {
    const auto path = m_folder.filePath(QStringLiteral("unknown.mill"));
    put(path, "{\"millrace\": 1, \"name\": \"h\", \"actorz\": []}");
    const auto file = DocumentFile::open(path);
    QVERIFY(!file.has_value());
    QVERIFY(file.error().message.find("actors") != std::string::npos);
  }

  void whatAnotherProgramWroteIsNotOverwritten() {
    const auto path = written("shared.mill");
    auto file = DocumentFile::open(path);
    put(path, bytes(path) + "\n");
    QVERIFY(file->isChangedOnDisk());
    const auto refused = file->save(path);
    QCOMPARE(refused.error().code, errc::already_exists);
    QVERIFY(file->save(path, true).has_value());
    QVERIFY(!file->isChangedOnDisk());
  }

  void aFullDiskLeavesTheOldFilesAndTheChanges() {
    const auto path = written("full.mill");
    const auto before = bytes(path);
    auto file = DocumentFile::open(path);
    auto edit = file->document().edit();
    edit.rename("changed");
    file->document().push(edit.take(QStringLiteral("rename")));
    {
      const support::file_size_limit full{16};
      QCOMPARE(file->save(path).error().code, errc::disk_full);
    }
    QCOMPARE(bytes(path), before);
    QVERIFY(file->document().isModified());
    QVERIFY(file->save(path).has_value());
    QVERIFY(bytes(path).contains("changed"));
  }

  void whatIsNoFileIsNotReplacedByOne() {
    DocumentFile file{1};
    QCOMPARE(file.save(m_folder.path()).error().code, errc::invalid_argument);
  }

  void damagedLayoutsNameThePlace() {
    const auto path = written("damaged.mill");
    put(DocumentFile::layoutPath(path), "{\"millrace_layout\": 1, \"actors\": {\"a\": [1]}}");
    const auto file = DocumentFile::open(path);
    QVERIFY(file.error().message.find("/actors/a") != std::string::npos);
  }

private:
  QString written(const char* name) {
    DocumentFile file{1};
    auto edit = file.document().edit();
    edit.addActor({"a", "t.source", 1, {}, {}, {}}, {0, 0});
    file.document().push(edit.take(QStringLiteral("add")));
    const auto path = m_folder.filePath(QString::fromLatin1(name));
    if (!file.save(path)) qFatal("the sample cannot be saved");
    return path;
  }
  static void put(const QString& path, const QByteArray& text) {
    QFile file{path};
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(text), text.size());
  }
  static QByteArray bytes(const QString& path) {
    QFile file{path};
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
  }

  QTemporaryDir m_folder;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::DocumentFileTest)
#include "document_file_test.moc"
