#include "core/fuzzy_match.hpp"

#include <QTest>

namespace millrace::workbench {

class FuzzyMatchTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void prefersBeginningsOfWords_data() {
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("better");
    QTest::addColumn<QString>("worse");
    const auto row = [](const char* typed, const char* better, const char* worse) {
      QTest::newRow(typed) << QString::fromLatin1(typed) << QString::fromLatin1(better) << QString::fromLatin1(worse);
    };
    row("fsi", "File sink", "Fill gaps is");
    row("win", "Window", "Calendar window");
    row("gen", "Generator", "Merge n");
    row("bk", "By key", "Broadcast k");
    row("fs", "File source", "Offset");
  }
  void prefersBeginningsOfWords() {
    QFETCH(const QString, typed);
    QFETCH(const QString, better);
    QFETCH(const QString, worse);
    QVERIFY(fuzzyScore(typed, better).has_value());
    QVERIFY(*fuzzyScore(typed, better) > fuzzyScore(typed, worse).value_or(-1));
  }

  void lettersInAnotherOrderOrMissingDoNotMatch() {
    QVERIFY(!fuzzyScore(QStringLiteral("nif"), QStringLiteral("File sink")).has_value());
    QVERIFY(!fuzzyScore(QStringLiteral("filex"), QStringLiteral("File")).has_value());
    QVERIFY(!fuzzyScore(QStringLiteral("a"), QString{}).has_value());
    QVERIFY(!fuzzyScore(QStringLiteral("ff"), QStringLiteral("File")).has_value());
  }

  void nothingTypedMatchesEverything() { QCOMPARE(fuzzyScore(QString{}, QStringLiteral("x")), std::optional{0}); }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::FuzzyMatchTest)
#include "fuzzy_match_test.moc"
