// What file sinks have committed, as an experiment compares it.
#include "chaos/committed_output.hpp"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using millrace::chaos::read_committed;

class committed_output_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  void write(const QString& name, const std::string& text) {
    QDir{folder_.path()}.mkpath(QFileInfo{name}.path());
    std::ofstream{folder_.filePath(name).toStdString()} << text;
  }

private slots:
  void segmentsInOrderWithKeyAndPartition() {
    write("save-it-1-00000000000000000007-000002.csv", "id,n\nb,1\n\"x,y\",2\n");
    write("save-it-1-00000000000000000004.csv", "id,n\na,1\n");
    write("save-it-1-00000000000000000007-000001.csv", "id,n\nc,3\n");
    write(".inprogress/save-it-1.9.csv", "id,n\nz,9\n");
    const auto read = read_committed(folder_.path().toStdString(), "id");
    QVERIFY2(read, read ? "" : read.error().message.c_str());
    std::string texts;
    for (const auto& r : *read) texts += r.text + ";";
    QCOMPARE(texts, std::string{"a,1;c,3;b,1;\"x,y\",2;"});
    QCOMPARE((*read)[0].partition, 1U);
    QCOMPARE((*read)[3].key, std::string{"\"x,y\""});
  }
  void aKeyThatIsNotThereIsAMistake() { QVERIFY(!read_committed(folder_.path().toStdString(), "nobody")); }
  void nothingIsNoMistake() { QVERIFY(read_committed(folder_.filePath("none").toStdString(), "id")->empty()); }
};

QTEST_GUILESS_MAIN(committed_output_test)
#include "committed_output_test.moc"
