#include "core/letter_fixes.hpp"

#include <QTest>

namespace millrace::workbench {
namespace {

QString s(const char* text) {
  return QString::fromUtf8(text);
}

LetterFix content(const char* text) {
  return {s(text), {}, {}};
}

// Outside of the class, whose quotes moc 6.4 stumbles over.
const std::vector<LetterNote> objects{{s("a"), s("{\"x\":1,\"y\":2}")}, {s("b"), s("{\"y\":3}")}};
const std::vector<LetterNote> lines{{s("a"), s("k,12,5")}, {s("b"), s("k,7")}};
const LetterFix members = content("{\"x\":9}");
const QStringList withMembers{s("{\"x\":9,\"y\":2}"), s("{\"y\":3,\"x\":9}")};
const LetterFix decimals{{}, s(",(\\d+),(\\d+)"), s(",$1.$2\\")};
const QString withDecimals = s("k,12.5\\");

std::string refusal(const std::vector<LetterNote>& letters, const LetterFix& fix) {
  const auto fixed = mended(letters, fix);
  return fixed ? std::string{} : fixed.error().message;
}

}  // namespace

class LetterFixesTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void oneLetterGetsItsNewContent() {
    const auto fixed = mended({lines.front()}, content("1;2"));
    QVERIFY(fixed.has_value());
    QCOMPARE(fixed->front().content, s("1;2"));
  }

  void membersAreSetInSeveral() {
    const auto fixed = mended(objects, members);
    QVERIFY(fixed.has_value());
    QCOMPARE(fixed->at(0).content, withMembers[0]);
    QCOMPARE(fixed->at(1).content, withMembers[1]);
  }

  void whatIsFoundIsReplacedWhereItStands() {
    const auto fixed = mended(lines, decimals);
    QVERIFY(fixed.has_value());
    QCOMPARE(fixed->size(), std::size_t{1});
    QCOMPARE(fixed->front().id, s("a"));
    QCOMPARE(fixed->front().content, withDecimals);
  }

  void whatCannotBeMendedSaysWhy() {
    QVERIFY(!refusal({}, content("x")).empty());
    QVERIFY(refusal(lines, content("1")).find("members to set") != std::string::npos);
    QVERIFY(refusal(lines, members).find("letter a") != std::string::npos);
    QVERIFY(refusal(lines, {{}, s("("), {}}).find("regular expression") != std::string::npos);
    QVERIFY(refusal(lines, {{}, s("z"), {}}).find("none") != std::string::npos);
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::LetterFixesTest)
#include "letter_fixes_test.moc"
