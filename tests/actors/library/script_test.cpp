// One scripted actor in the live engine's task: handlers, context, state, timers, and what is refused or stopped.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/dead_letter.hpp"
#include "millrace/engine/state_text.hpp"
#include "millrace/library.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/testing/actor_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

struct trade {
  std::string account;
  double price{};
  std::int64_t amount{};
  std::optional<std::string> note;
  event_time at{};
};
MILLRACE_RECORD(trade, 1, account, price, amount, note, at)

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

actor_rig make(const char* id, std::map<std::string, param_value> params, failure_policy policy = {}) {
  link_library();
  return actor_rig{actor_registry::instance().find(id)->make,
                   {.params = std::move(params), .on_failure = policy, .inputs = {{"in", record_type_of<trade>()}}}};
}
actor_rig script(const std::string& text, const std::string& fields = "account:string,n:float64,at:event_time",
                 failure_policy policy = {.action = failure_action::resume}) {
  return make("millrace.script", {{"key", "account"}, {"script", text}, {"fields", fields}}, policy);
}
actor_rig flat_map(const std::string& body, const std::string& fields = "n:float64?,s:string?") {
  return make("millrace.flat_map", {{"body", body}, {"fields", fields}}, {.action = failure_action::resume});
}

/// What validation says; empty: nothing.
std::string problem_of(const std::string& text, const char* fields = "account:string,n:float64,at:event_time") {
  try {
    (void)script(text, fields);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return {};
}

trade one(const char* account, double price, std::int64_t at_s = 0) {
  return {account, price, 1, std::nullopt, {at_s * second_ns}};
}

/// Why the events since the last look were given up.
lines reasons(actor_rig& rig) {
  lines out;
  for (const auto& d : rig.take<dead_letter>("dead")) out.push_back(d.reason);
  return out;
}

/// One text, because that is what QCOMPARE shows.
QString joined(const lines& all) {
  std::string out;
  for (const auto& l : all) out += l + "\n";
  return QString::fromStdString(out);
}

void expect(const std::string& got, const char* wanted) {
  QVERIFY2(got.find(wanted) != std::string::npos, got.c_str());
}

constexpr const char* counting = R"(
function on_event(e, ctx)
  local s = ctx.state
  s.n = (s.n or 0) + e.price
  ctx:emit{account = e.account, n = s.n}
end)";

}  // namespace

class script_test : public QObject {
  Q_OBJECT
private slots:
  void keepsStateByKey() {
    auto rig = script(counting);
    rig.push_all(std::vector<trade>{one("a", 1, 1), one("b", 10, 2), one("a", 2, 3)});
    QCOMPARE(joined(rig.take("out").texts()),
             joined((lines{R"({account="a", n=1, at=1000000000})", R"({account="b", n=10, at=2000000000})",
                           R"({account="a", n=3, at=3000000000})"})));
    const auto kept = rig.snapshot();
    rig.push(one("a", 4, 4));
    (void)rig.take("out");
    rig.restore(kept);
    rig.push(one("a", 4, 4));
    QCOMPARE(joined(rig.take("out").texts()), joined(lines{R"({account="a", n=7, at=4000000000})"}));
    QCOMPARE(rig.key_count(), std::size_t{2});
  }

  void stateHoldsWhatItWasGiven() {
    auto rig = script(R"(
      function on_event(e, ctx)
        if e.price == 0 then
          ctx.state = {yes = true, n = 1.5, i = -7, big = 2^53, text = 'x', list = {1, 2, {a = 'deep'}}, at = e.at,
                       none = nil, nested = {k = {}}, tiny = 5e-324}
        else
          local s = ctx.state
          assert(s.yes == true and s.n == 1.5 and s.i == -7 and s.big == 2^53 and s.text == 'x' and #s.list == 3)
          assert(s.list[3].a == 'deep' and s.at == e.at - second and s.none == nil and s.tiny == 5e-324)
          assert(type(s.nested.k) == 'table' and type(s.at) == 'time')
          ctx.state = nil
        end
      end)");
    rig.push(one("a", 0, 5));
    QCOMPARE(reasons(rig), lines{});
    rig.restore(rig.snapshot());
    rig.push(one("a", 1, 6));
    QCOMPARE(reasons(rig), lines{});
    QCOMPARE(rig.key_count(), std::size_t{0});
  }

  void whatCannotBeKeptIsSaid_data() {
    QTest::addColumn<QByteArray>("statement");
    QTest::addColumn<QByteArray>("problem");
    const auto row = [](const char* statement, const char* problem) {
      QTest::newRow(statement) << QByteArray{statement} << QByteArray{problem};
    };
    row("ctx.state.f = tostring", "ctx.state.f is function, which cannot be kept");
    row("ctx.state.t = {[{}] = 1}", "ctx.state.t has a key that is no text, but table");
    row("ctx.state[1] = 2", "ctx.state has a key that is no text, but the number 1");
    row("ctx.state.a = {} ctx.state.a.a = ctx.state", "nested more than 8 deep");
    row("ctx.state.x = ctx", "ctx.state.x is no plain table");
    row("ctx.state = 5", "ctx.state is a table or nil, not number");
    row("ctx.state.x = ('x'):rep(2e6)", "ctx.state of one key has more than 1024 KiB");
  }
  void whatCannotBeKeptIsSaid() {
    QFETCH(QByteArray, statement);
    QFETCH(QByteArray, problem);
    auto rig = script("function on_event(e, ctx) " + statement.toStdString() + " end");
    rig.push(one("a", 1));
    const auto why = reasons(rig);
    QCOMPARE(why.size(), std::size_t{1});
    expect(why.front(), problem);
    QCOMPARE(rig.key_count(), std::size_t{0});
  }

  void tablesMadeAtLoadCanBeReadAndKept() {
    auto rig = script(
        "local rates = {gold = 2, silver = {1, 2, 3}}\n"
        "function on_event(e, ctx)\n"
        "  local names = {}\n"
        "  for k in pairs(rates) do names[#names + 1] = k end\n"
        "  ctx.state.rates = rates\n"
        "  ctx:emit{account = table.concat(names, ',') .. #rates.silver .. unpack(rates.silver), n = rates.gold}\n"
        "end");
    rig.push(one("a", 1));
    QCOMPARE(reasons(rig), lines{});
    QCOMPARE(joined(rig.take("out").texts()), joined(lines{"{account=\"gold,silver31\", n=2, at=0}"}));
  }

  void timersFireByEventTime() {
    auto rig = script(R"(
      function on_event(e, ctx)
        ctx.state.last = e.at
        ctx:set_timer(e.at + 10 * second)
      end
      function on_timer(key, at, ctx)
        ctx:emit{account = key .. '!', n = (at - ctx.state.last) / second}
        ctx.state = nil
      end)");
    rig.push_all(std::vector<trade>{one("a", 1, 1), one("b", 1, 2), one("a", 1, 3)});
    rig.watermark({12 * second_ns});
    QCOMPARE(joined(rig.take("out").texts()), joined(lines{R"({account="b!", n=10, at=12000000000})"}));
    rig.restore(rig.snapshot());
    rig.watermark({14 * second_ns});
    QCOMPARE(joined(rig.take("out").texts()), joined(lines{R"({account="a!", n=10, at=13000000000})"}));
    QCOMPARE(rig.key_count(), std::size_t{0});
  }

  void timersFireByTheClockAndCanBeCancelled() {
    auto rig = script(R"(
      function on_event(e, ctx)
        if e.price > 0 then ctx:set_clock_timer(ctx.now + 5 * second) else ctx:cancel_clock_timer() end
      end
      function on_clock(key, at, ctx)
        ctx:emit{account = key, n = 1, at = at}
      end)");
    rig.push_all(std::vector<trade>{one("a", 1), one("b", 1), one("b", 0)});
    rig.advance(std::chrono::seconds{4});
    QVERIFY(rig.take("out").empty());
    rig.advance(std::chrono::seconds{2});
    QCOMPARE(rig.take("out").size(), std::size_t{1});
    QCOMPARE(reasons(rig), lines{});
  }

  void aHandlerThatFailsLeavesNoTrace() {
    auto rig = script(R"(
      function on_event(e, ctx)
        ctx.state.n = (ctx.state.n or 0) + 1
        ctx:emit{account = 'x', n = ctx.state.n}
        ctx:set_timer(e.at)
        if e.price < 0 then error('no') end
      end
      function on_timer(key, at, ctx) ctx:emit{account = 'timer', n = ctx.state.n} end)");
    rig.push_all(std::vector<trade>{one("a", -1, 1), one("b", 1, 2), one("b", -1, 3)});
    rig.watermark({5 * second_ns});
    QCOMPARE(joined(rig.take("out").texts()),
             joined((lines{R"({account="x", n=1, at=2000000000})", R"({account="timer", n=1, at=2000000000})"})));
    QCOMPARE(reasons(rig), lines(2, "parameter 'script', line 6, column 29: no"));
    QCOMPARE(rig.key_count(), std::size_t{1});
  }

  void whatGoesTooFarIsStoppedWithItsPlace_data() {
    QTest::addColumn<QByteArray>("statement");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* statement, const char* reason) {
      QTest::newRow(statement) << QByteArray{statement} << QByteArray{reason};
    };
    row("while true do end", "ran for more instructions than it may");
    row("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "keeps more memory than it may");
    row("local s = 'x' while true do s = s .. s end", "keeps more memory than it may");
    row("local function f() return 1 + f() end f()", "calls itself more than");
    row("local x = e.note / 2", "attempt to perform arithmetic");
    row("while true do ctx:emit{account = 'x', n = 1} end", "one event makes more than 10000 events");
    row("local t = {} t.t = t.t.t", "attempt to index");
  }
  void whatGoesTooFarIsStoppedWithItsPlace() {
    QFETCH(QByteArray, statement);
    QFETCH(QByteArray, reason);
    // A value nobody knows the type of, so that the reader of scripts lets it through.
    auto rig =
        script("function on_event(event, ctx) local e = {note = event.account} if event.price < 0 then\n          " +
               statement.toStdString() + " end ctx:emit{account = event.account, n = event.price} end");
    rig.push_all(std::vector<trade>{one("a", 1), one("bad", -1), one("b", 2)});
    const auto why = reasons(rig);
    QCOMPARE(why.size(), std::size_t{1});
    expect(why.front(), "parameter 'script', line 2, column ");
    expect(why.front(), reason);
    QCOMPARE(rig.take("out").size(), std::size_t{2});  // those before and after it
  }

  void whatCannotBeRightIsRefused_data() {
    QTest::addColumn<QByteArray>("statement");
    QTest::addColumn<QByteArray>("problem");
    const auto row = [](const char* statement, const char* problem) {
      QTest::newRow(statement) << QByteArray{statement} << QByteArray{problem};
    };
    row("os.execute('x')", "line 2, column 1: 'os' is not available: scripts reach nothing outside the topology");
    row("io.open('x')", "column 1: 'io' is not available");
    row("local x = e.account / 2", "column 21: '/' works on numbers, and 'e.account' is text");
    row("local x = e.prise", "column 13: events that arrive have no field 'prise'; did you mean 'price'?");
    row("ctx:emit{acount = 'x', n = 1}", "column 10: what is emitted has no field 'acount'; did you mean 'account'?");
    row("ctx:emit({account = 'x', n = 'y'})", "column 26: field 'n' is a float64, and ''y'' is text");
    row("ctx:emmit{}", "column 5: the context has no 'emmit'; did you mean 'emit'?");
    row("ctx.stat.x = 1", "column 5: the context has no 'stat'; did you mean 'state'?");
    row("count = 1", "column 1: 'count' is not local: put 'local' before it");
    row("total = total + 1", "column 1: 'total' is made at load and cannot change afterwards");
    row("local x = totl", "column 11: nothing is called 'totl' here");
    row("local x = tostrin(1)", "column 11: nothing is called 'tostrin' here; did you mean 'tostring'?");
    row("math = nil", "column 1: 'math' is part of the language");
    row("if x then", "the text ends where 'end' after the function was expected");
    row("x y", "column 1: this does nothing: a statement assigns or calls");
    row("e.price", "column 1: this does nothing");
    row("local x = 1 + ", "'end' stands where a value was expected");
    row("pcall(error)", "an error goes to the actor's failure policy and cannot be caught");
    row("goto nowhere", "undefined label 'nowhere'");
    row("for i = 1 do end", "',' expected near 'do'");
    row("return 1 return 2", "'return' stands where 'end' after the function was expected");
  }
  void whatCannotBeRightIsRefused() {
    QFETCH(QByteArray, statement);
    QFETCH(QByteArray, problem);
    const auto got = problem_of("local total = 0 function on_event(e, ctx)\n" + statement.toStdString() + "\nend");
    expect(got, "parameter 'script', line ");
    expect(got, problem);
  }

  void whatWouldOutlastAnEventIsRefused() {
    expect(
        problem_of("local function counter() local n = 0 return function() n = n + 1 return n end end\n"
                   "local next_id = counter()\nfunction on_event(e, ctx) ctx:emit{account = 'x', n = next_id()} end"),
        "line 1, column 45: this function lasts and changes a local outside of it");
    // Within one event it is nobody's business.
    QCOMPARE(problem_of("local function each(f) f(1) end function on_event(e, ctx) local n = 0 "
                        "each(function(x) n = n + x end) local function again() n = n + 1 end again() end"),
             std::string{});
    auto rig = script(
        "local seen = {} local deep = {a = {}} function on_event(e, ctx)\n"
        "if e.price == 1 then seen[e.account] = true elseif e.price == 2 then table.insert(deep.a, 1) "
        "elseif e.price == 3 then table.sort(seen) else math.pi = 3 end end");
    for (int i = 1; i <= 4; ++i) rig.push(one("a", i));
    const auto why = reasons(rig);
    QCOMPARE(why.size(), std::size_t{4});
    for (int i = 0; i < 3; ++i)
      expect(why[static_cast<std::size_t>(i)], "this table was made at load and cannot change");
    expect(why.front(), "line 2, column ");
    expect(why.back(), "math cannot change");
  }

  void scriptsNeedTheirHandlers() {
    expect(problem_of("local x = 1"), "column 1: the script defines no function on_event(e, ctx)");
    expect(problem_of("on_event = 5"), "on_event is no function");
    expect(problem_of("error('at load') function on_event() end"), "column 1: at load");
    expect(problem_of("while true do end function on_event() end"), "ran for more instructions than it may");
    auto rig = script("function on_event(e, ctx) ctx:set_timer(e.at) end");
    rig.push(one("a", 1));
    expect(reasons(rig).front(), "no function on_timer(key, at, ctx) is defined");
  }

  void flatMapMakesManyOfOne() {
    auto rig = flat_map("for i, word in ipairs(e.account:split(' ')) do\n  ctx:emit{n = i, s = word:upper()}\nend");
    rig.push_all(std::vector<trade>{one("a few words", 1), one("", 2)});
    QCOMPARE(joined(rig.take("out").texts()),
             joined((lines{R"({n=1, s="A"})", R"({n=2, s="FEW"})", R"({n=3, s="WORDS"})", R"({n=1, s=""})"})));
    QVERIFY_EXCEPTION_THROWN((void)flat_map("ctx.state.x = 1"), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)flat_map("ctx:set_timer(e.at)"), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)flat_map("end function f()"), std::invalid_argument);
  }

  void theEventItselfCanBePassedOn() {
    auto rig = make("millrace.flat_map", {{"body", "if e.amount ~= 0 then e.price = e.price * 2 ctx:emit(e) end"}});
    rig.push(trade{"a", 1.5, 9'007'199'254'740'993, "n", {7}});
    QCOMPARE(joined(rig.take("out").texts()),
             joined(lines{R"({account="a", price=3, amount=9007199254740993, note="n", at=7})"}));
  }

  void emitChecksValuesAndFields() {
    auto rig = flat_map(
        "local t = {n = e.price} if e.price == 1 then t.n = 'x' elseif e.price == 2 then t.m = 1 end ctx:emit(t)",
        "n:int8,s:string?");
    rig.push_all(std::vector<trade>{one("a", 1), one("a", 2), one("a", 3), one("a", 0.5), one("a", 300)});
    const auto why = reasons(rig);
    QCOMPARE(why.size(), std::size_t{4});
    expect(why[0], "field 'n' (int8) takes a number, and this is text 'x'");
    expect(why[1], "what is emitted has no field 'm'");
    expect(why[2], "field 'n' (int8) takes a whole number, and this is the number 0.5");
    expect(why[3], "a value does not fit into field 'n' (int8)");
    QCOMPARE(rig.take("out").size(), std::size_t{1});
    auto missing = flat_map("local t = {} ctx:emit(t)", "n:int8");
    missing.push(one("a", 1));
    expect(reasons(missing).front(), "field 'n' (int8) is missing in what is emitted");
  }

  void contextGivesTimeRandomNumbersAndALog() {
    auto rig = script(R"(
      function on_event(e, ctx)
        local r = ctx:random(6)
        assert(r >= 1 and r <= 6 and r % 1 == 0 and ctx:random() < 1)
        assert(ctx.watermark == nil or type(ctx.watermark) == 'time')
        assert(ctx.key == e.account and ctx.partition == 0)
        ctx:log('saw ' .. e.account)
        ctx:emit{account = ctx.key, n = ctx:random(), at = ctx.now}
      end)");
    rig.push(one("abc", 1));
    QCOMPARE(reasons(rig), lines{});
    QVERIFY(!rig.log().empty());
    expect(rig.log().back(), "saw abc");
    const auto first = rig.take("out").texts();
    rig.restart();
    rig.push(one("abc", 1));
    QCOMPARE(rig.take("out").texts().front().substr(0, 30), first.front().substr(0, 30));  // the same random number
  }

  void keysOfSeveralFieldsAreTables() {
    auto rig = make("millrace.script",
                    {{"key", "account,amount"},
                     {"fields", "s:string"},
                     {"script", "function on_event(e, ctx) ctx:emit{s = ctx.key.account .. ctx.key.amount} end"}});
    rig.push(one("a", 1));
    QCOMPARE(joined(rig.take("out").texts()), joined(lines{R"({s="a1"})"}));
  }

  void scriptsMayLieInFiles() {
    const QTemporaryDir dir;
    const auto path = dir.filePath("count.lua").toStdString();
    std::ofstream{path} << counting;
    const auto with = [&](const std::string& file) {
      return make("millrace.script",
                  {{"key", "account"}, {"script_file", file}, {"fields", "account:string,n:float64"}});
    };
    auto rig = with(path);
    rig.push(one("a", 1));
    QCOMPARE(rig.take("out").size(), std::size_t{1});
    std::ofstream{path} << "function on_event(e, ctx)\n  local x = e.prise\nend";
    try {
      (void)with(path);
      QFAIL("the script was taken");
    } catch (const std::invalid_argument& e) {
      expect(e.what(), "count.lua, line 2, column 15: events that arrive have no field 'prise'");
    }
    QVERIFY_EXCEPTION_THROWN((void)with(path + "x"), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)make("millrace.script", {{"key", "account"}}), std::invalid_argument);
  }

  void keptStateShowsAsItIs() {
    auto rig = script(counting);
    rig.push(one("a", 1.5));
    byte_buffer content;
    msgpack::writer w{content};
    w.map(2);
    w.string("list");
    w.array(1);
    w.integer(5);
    w.string("n");
    w.float64(1.5);
    QCOMPARE(engine::state_json("script 1", content.view()), std::string{R"({"list":[5],"n":1.5})"});
  }
};

QTEST_APPLESS_MAIN(script_test)
#include "script_test.moc"
