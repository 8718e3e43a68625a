#include "core/lua_text.hpp"

#include <QTest>
#include <vector>

#include "core/actor_trial.hpp"

namespace millrace::workbench {
namespace {

struct Piece {
  LuaToken token;
  QString text;
};

std::vector<Piece> pieces(const QString& line, int state = 0, int* after = nullptr) {
  std::vector<Piece> found;
  const int end = scanLua(line, state, [&](LuaToken token, int start, int length) {
    found.push_back({token, line.mid(start, length)});
  });
  if (after != nullptr) *after = end;
  return found;
}

}  // namespace

class LuaTextTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void placesAreReadFromWhatValidationSays() {
    QCOMPARE(placeIn(QStringLiteral("parameter 'set', line 2, column 15: attempt")), (TextPlace{2, 15}));
    QCOMPARE(placeIn(QStringLiteral("parameter 'where', column 8: '/' works on numbers")), (TextPlace{1, 8}));
    QVERIFY(!placeIn(QStringLiteral("the column is missing")).has_value());
    QVERIFY(!placeIn(QStringLiteral("column 99999999999")).has_value() ||
            placeIn(QStringLiteral("column 99999999999"))->column == 999999);
  }

  void wordsNumbersTextsAndCommentsAreToldApart() {
    const auto found = pieces(QStringLiteral("local x = ctx.now + 12 -- because"));
    QCOMPARE(found.size(), std::size_t{4});
    QCOMPARE(found[0].token, LuaToken::Keyword);
    QCOMPARE(found[1].token, LuaToken::Known);
    QCOMPARE(found[2].text, QStringLiteral("12"));
    QCOMPARE(found[3].text, QStringLiteral("-- because"));
    const auto text = pieces(QStringLiteral("s = 'it\\'s -- no comment' .. \"end\""));
    QCOMPARE(text.size(), std::size_t{2});
    QCOMPARE(text[0].text, QStringLiteral("'it\\'s -- no comment'"));
    QCOMPARE(text[1].text, QStringLiteral("\"end\""));
  }

  void longTextsAndCommentsGoOnInTheNextLine() {
    int state = 0;
    QCOMPARE(pieces(QStringLiteral("x = [[one"), 0, &state).front().text, QStringLiteral("[[one"));
    QVERIFY(state != 0);
    const auto rest = pieces(QStringLiteral("two]] end"), state, &state);
    QCOMPARE(state, 0);
    QCOMPARE(rest[0].text, QStringLiteral("two]]"));
    QCOMPARE(rest[1].token, LuaToken::Keyword);
    pieces(QStringLiteral("--[[ open"), 0, &state);
    QCOMPARE(pieces(QStringLiteral("still"), state, &state).front().token, LuaToken::Comment);
    // What is never closed is bounded by its line.
    QCOMPARE(pieces(QStringLiteral("'open \\")).size(), std::size_t{1});
  }

  void aTrialGivesEventsToACopyOfTheActor() {
    ActorType type;
    type.id = "millrace.script";
    type.inputs.push_back({"in", {}, true});
    type.outputs = {{"out", {}, false}, {"dead", {}, false}};
    actor_spec actor;
    actor.name = "work";
    actor.type = type.id;
    actor.parallelism = 8;
    const auto trial = trialOf(type, actor, "a:string");
    QCOMPARE(trial.find("tried")->parallelism, std::uint32_t{1});
    QCOMPARE(trial.find("tried")->on_failure.action, failure_action::resume);
    QVERIFY(trial.find("keys") != nullptr);
    QCOMPARE(trial.streams.size(), std::size_t{4});
    QCOMPARE(sampleEvent("name:string,count:int64,at:event_time,ok:bool"),
             QStringLiteral("{\"name\":\"a\",\"count\":1,\"at\":\"2026-01-01T00:00:00Z\",\"ok\":true}"));
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::LuaTextTest)
#include "lua_text_test.moc"
