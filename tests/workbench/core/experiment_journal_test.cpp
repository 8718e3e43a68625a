#include "core/experiment_journal.hpp"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "core/text.hpp"

namespace millrace::workbench {

using Json = ExperimentDocument::Json;

/// Experiments that were not saved when the workbench went down.
class ExperimentJournalTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { m_folder.emplace(); }
  void cleanup() { m_folder.reset(); }

  void whatACrashedWorkbenchHadNotSavedIsFoundAndComesBack() {
    ExperimentDocument document{sample()};
    // A copy of what a living journal wrote stands for what a dead one left: nobody holds its lock.
    const auto left = path("left.experiment");
    {
      ExperimentJournal journal{m_folder->path()};
      journal.setDocument(&document);
      document.set(QStringLiteral("Title"), "/title", "changed");
      QTRY_COMPARE(journals(), 1);
      QVERIFY(ExperimentJournal::find(m_folder->path()).empty());  // its owner lives
      QVERIFY(QFile::copy(m_folder->path() + QLatin1Char('/') + names().front(), left));
    }
    const auto found = ExperimentJournal::find(m_folder->path());
    QCOMPARE(found.size(), std::size_t{1});
    QVERIFY(found[0].root == document.root());
    QCOMPARE(found[0].name(), QStringLiteral("changed"));
    QCOMPARE(found[0].path, QString{});
    const auto back = ExperimentDocument::recovered(found[0].root, found[0].path);
    QVERIFY(back->isModified());
    QVERIFY(back->root() == document.root());
    ExperimentJournal::discard(found[0]);
    QVERIFY(ExperimentJournal::find(m_folder->path()).empty());
  }

  void savingUndoingAndAnotherOneLeaveNothingBehind() {
    ExperimentDocument first{sample()}, second{sample()};
    ExperimentJournal journal{m_folder->path()};
    journal.setDocument(&first);
    QVERIFY(journal.write());
    QCOMPARE(journals(), 0);
    first.set(QStringLiteral("Title"), "/title", "a");
    QTRY_COMPARE(journals(), 1);
    QVERIFY(first.save(path("saved.json")).has_value());
    QTRY_COMPARE(journals(), 0);
    first.set(QStringLiteral("Title"), "/title", "b");
    QTRY_COMPARE(journals(), 1);
    first.undoStack().undo();
    QTRY_COMPARE(journals(), 0);
    first.set(QStringLiteral("Title"), "/title", "c");
    QTRY_COMPARE(journals(), 1);
    journal.setDocument(&second);
    QCOMPARE(journals(), 0);
    second.set(QStringLiteral("Title"), "/title", "d");
    QTRY_COMPARE(journals(), 1);
    journal.setDocument(nullptr);
    QCOMPARE(journals(), 0);
  }

  void whatComesBackIsSavedOverItsFileUnlessSomebodyChangedItSince() {
    ExperimentDocument saved{sample()};
    QVERIFY(saved.save(path("own.json")).has_value());
    auto changed = sample();
    changed["title"] = "recovered";
    auto back = ExperimentDocument::recovered(changed, path("own.json"));
    QCOMPARE(back->savePath(), path("own.json"));
    const LostExperiment lost{{}, path("own.json"), {}, changed};
    QCOMPARE(lost.name(), QStringLiteral("own.json"));
    QCOMPARE(lost.difference(),
             (QStringList{QStringLiteral("- \"title\": \"sample\","), QStringLiteral("+ \"title\": \"recovered\",")}));
    QVERIFY(back->save(path("own.json")).has_value());
    QVERIFY(!back->isModified());
    QCOMPARE((*ExperimentDocument::open(path("own.json")))->root().value("title", ""), std::string{"recovered"});
    back = ExperimentDocument::recovered(sample(), path("own.json"));
    QFile other{path("own.json")};
    QVERIFY(other.open(QIODevice::WriteOnly) && other.write("{}") == 2);
    other.close();
    QCOMPARE(back->save(path("own.json")).error().code, errc::already_exists);
    // One whose file is gone is written again.
    QVERIFY(other.remove());
    QVERIFY(ExperimentDocument::recovered(changed, path("own.json"))->save(path("own.json")).has_value());
  }

  void commentsOfYamlAreToldOfOnceMore() {
    QFile yaml{path("own.yaml")};
    QVERIFY(yaml.open(QIODevice::WriteOnly) && yaml.write("title: sample # a comment\n") > 0);
    yaml.close();
    const auto back = ExperimentDocument::recovered(sample(), path("own.yaml"));
    QCOMPARE(back->lost(), QStringLiteral("comments"));
    QCOMPARE(back->savePath(), path("own.json"));
  }

  void damagedJournalsAreLeftAlone() {
    for (const auto* text : {"", "5", "{\"experiment\": 5}", "{\"experiment\": {\"title\": "}) {
      QFile damaged{path("x.experiment")};
      QVERIFY(damaged.open(QIODevice::WriteOnly));
      damaged.write(text);
      damaged.close();
      QVERIFY2(ExperimentJournal::find(m_folder->path()).empty(), text);
      QVERIFY(damaged.exists());
    }
  }

  void aFolderThatCannotBeWrittenIsToldOnce() {
    QFile file{path("no folder")};
    QVERIFY(file.open(QIODevice::WriteOnly));
    ExperimentJournal journal{file.fileName()};
    QSignalSpy failed{&journal, &ExperimentJournal::failed};
    ExperimentDocument document{sample()};
    journal.setDocument(&document);
    document.set(QStringLiteral("Title"), "/title", "a");
    QVERIFY(!journal.write() && !journal.write());
    QCOMPARE(failed.count(), 1);
  }

private:
  static Json sample() { return {{"title", "sample"}, {"method", Json::array()}}; }
  [[nodiscard]] QString path(const char* name) const { return m_folder->filePath(QLatin1String(name)); }
  [[nodiscard]] QStringList names() const {
    return QDir{m_folder->path()}.entryList({QStringLiteral("*.experiment")}, QDir::Files);
  }
  [[nodiscard]] int journals() const { return static_cast<int>(names().size()); }

  std::optional<QTemporaryDir> m_folder;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::ExperimentJournalTest)
#include "experiment_journal_test.moc"
