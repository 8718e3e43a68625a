// What LuaJIT may do by itself, whatever the reader of scripts lets through: names, limits, order.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/lua/lua_machine.hpp"
#include "library/lua/lua_builtins.hpp"
#include "library/lua/lua_sandbox.hpp"
#include "library/lua/lua_source.hpp"

#include <QtTest>
#include <set>

using namespace millrace::library;

namespace {

struct call {
  int function;
};

int call_function(lua_State* s) {
  lua_rawgeti(s, LUA_REGISTRYINDEX, static_cast<call*>(lua_touserdata(s, 1))->function);
  lua_call(s, 0, 1);
  return 1;
}

/// The text a chunk returns, or what went wrong after "!".
std::string run(lua_machine& m, const std::string& code) {
  try {
    call c{m.load(code, lua_source::chunk_name)};
    m.call(&call_function, &c, 1);
    const char* const text = lua_tostring(m.state(), 1);
    return text == nullptr ? luaL_typename(m.state(), 1) : text;
  } catch (const lua_failure& f) {
    return std::string{"!"} + f.what();
  }
}

std::string run(const std::string& code, lua_limits limits = {}) {
  lua_machine m{limits};
  return run(m, code);
}

}  // namespace

class lua_machine_test : public QObject {
  Q_OBJECT
private slots:
  void hasExactlyTheBuiltins() {
    lua_machine m{{}};
    std::set<std::string> there;
    const auto look = [&](const std::string& prefix) {
      for (lua_pushnil(m.state()); lua_next(m.state(), -2) != 0; lua_pop(m.state(), 1)) {
        there.insert(prefix + lua_tostring(m.state(), -2));
      }
    };
    push_lua_globals(m.state());
    look("");
    for (const auto* library : {"math", "string", "table"}) {
      there.erase(library);
      lua_getfield(m.state(), 1, library);
      QVERIFY(lua_getmetatable(m.state(), -1) != 0);
      lua_getfield(m.state(), -1, "__index");
      look(std::string{library} + ".");
      lua_settop(m.state(), 1);
    }
    there.erase("__length");  // what '#' becomes; no name a script may use
    std::set<std::string> wanted;
    for (const auto& b : lua_builtins()) {
      if (b.path.find(':') == std::string_view::npos) wanted.emplace(b.path);
    }
    QCOMPARE(there, wanted);
  }

  void reachesNothingOutside_data() {
    QTest::addColumn<QByteArray>("code");
    for (const auto* code : {"io",       "os",          "debug",        "package",        "require",
                             "ffi",      "jit",         "load",         "loadstring",     "dofile",
                             "loadfile", "string.dump", "getmetatable", "setmetatable",   "rawset",
                             "rawget",   "getfenv",     "setfenv",      "collectgarbage", "coroutine",
                             "pcall",    "xpcall",      "_G",           "newproxy",       "next",
                             "print",    "math.random", "('x').dump",   "('x').gsub",     "('x').rep.x and 1 or nil"}) {
      QTest::newRow(code) << QByteArray{code};
    }
  }
  void reachesNothingOutside() {
    QFETCH(QByteArray, code);
    const auto got = run("return " + code.toStdString());
    QVERIFY2(got == "nil" || got.find("attempt to index") != std::string::npos, got.c_str());
  }

  void takesNoBytecode() { QVERIFY(run("\x1bLJ\x02").starts_with("!")); }

  void librariesDoNotChange() {
    QCOMPARE(run("math.floor = nil return 1"), std::string{"!lua:1: math cannot change"});
    QCOMPARE(run("string.x = 1 return 1"), std::string{"!lua:1: string cannot change"});
    QVERIFY(run("('x').y = 1 return 1").starts_with("!lua:1: attempt to index"));
  }

  void whatLoopsForEverIsStoppedWhereItIs() {
    const lua_limits few{.instructions = 10'000};
    QCOMPARE(run("local x = 1\nwhile true do\nx = x + 1\nend", few).substr(0, 50),
             std::string{"!lua:3: ran for more instructions than it may (limits"}.substr(0, 50));
    QVERIFY(run("local function f() return f() end\nreturn f()", few).starts_with("!lua:1: ran for more"));
    QVERIFY(run("repeat until false", few).find("ran for more") != std::string::npos);
    // In the sandbox's own loops too; the place is the script's.
    QVERIFY(run("local t = {}\nfor i = 1, 300 do\ntable.insert(t, 1, i)\nend return 1", few)
                .starts_with("!lua:3: ran for more"));
    QVERIFY(run("local t = {}\nfor i = 1, 3000 do t[i] = -i end\ntable.sort(t, function(a, b)\nreturn a < b end)", few)
                .find("ran for more") != std::string::npos);
  }

  void eachCallMayUseTheWholeLimit() {
    lua_machine m{{.instructions = 10'000}};
    for (int i = 0; i < 20; ++i) QCOMPARE(run(m, "for i = 1, 5000 do end return 'done'"), std::string{"done"});
    QVERIFY(!m.is_spent());
    QVERIFY(run(m, "while true do end").starts_with("!"));
    QVERIFY(m.is_spent());
  }

  void whatAllocatesWithoutEndIsStoppedWhereItIs_data() {
    QTest::addColumn<QByteArray>("code");
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("table") << QByteArray{"local t = {}\nfor i = 1, 1e9 do\nt[i] = i end"}
                           << QByteArray{"!lua:2: keeps more memory than it may"};
    QTest::newRow("texts") << QByteArray{"local t = {}\nfor i = 1, 1e9 do\nt[i] = 'x' .. i end"}
                           << QByteArray{"!lua:3: keeps more memory than it may"};
    QTest::newRow("doubling") << QByteArray{"local s = 'x'\nwhile true do\ns = s .. s end"}
                              << QByteArray{"!lua:3: keeps more memory than it may"};
    QTest::newRow("rep") << QByteArray{"local s = 'x'\nreturn (s:rep(1e9))"}
                         << QByteArray{"!lua:2: rep would make more text than there may be memory"};
    QTest::newRow("copying") << QByteArray{"local s = ('x'):rep(1e5)\nfor i = 1, 1e9 do\nlocal t = s .. i end"}
                             << QByteArray{"!lua:2: did more work than it may"};
  }
  void whatAllocatesWithoutEndIsStoppedWhereItIs() {
    QFETCH(QByteArray, code);
    QFETCH(QByteArray, message);
    lua_machine m{{.memory_bytes = 1 << 20, .instructions = 10'000'000}};
    const auto got = run(m, code.toStdString());
    QVERIFY2(got.starts_with(message.toStdString()), got.c_str());
    QVERIFY2(m.memory_bytes() <= (std::size_t{4} << 20), QByteArray::number(qulonglong(m.memory_bytes())));
  }

  void garbageAloneIsNoReasonToStop() {
    // Several megabytes of texts, none of which is kept.
    QCOMPARE(
        run("local n = 0 for i = 1, 1e5 do local s = (i .. ' is a number, one of many, and of no use') n = n + 1 end "
            "return 'done'",
            {.memory_bytes = 1 << 19, .instructions = 10'000'000}),
        std::string{"done"});
  }

  void whatRecursesWithoutEndIsStopped() {
    const auto got = run("local function f(n)\nreturn 1 + f(n + 1) end\nreturn f(1)");
    QVERIFY2(got.starts_with("!lua:2: calls itself more than 2000 deep"), got.c_str());
    // Frames so large that the stack ends first: stopped all the same.
    std::string names = "a1";
    for (int i = 2; i <= 190; ++i) names += ",a" + std::to_string(i);
    const auto large = run("local function f() local " + names + " return 1 + f() end return f()");
    QVERIFY2(large.find("stack overflow") != std::string::npos, large.c_str());
  }

  void addressesNeverBecomeText() {
    QCOMPARE(run("return tostring({}) .. tostring(print) .. tostring(math.floor) .. type({})"),
             std::string{"tablenilfunctiontable"});
    QVERIFY(run("return string.format('%s', {})").find("format takes no table") != std::string::npos);
    QVERIFY(run("return string.format('%10p', 1)").find("format has no %p") != std::string::npos);
    QCOMPARE(run("return string.format('%d%% %s %5.2f', 3, 'x', 1.005)"), std::string{"3% x  1.00"});
  }

  void pairsGoesByKeyInEveryState() {
    const std::string code =
        "local t = {} for _, k in ipairs{'a','bb','ccc','x1','foo','bar','zed'} do t[k] = 1 end t[3] = 1 t[-1] = 1 "
        "t[2.5] = 1 t[true] = 1 local o = {} for k in pairs(t) do table.insert(o, tostring(k)) end "
        "return table.concat(o, ',')";
    for (int i = 0; i < 20; ++i) QCOMPARE(run(code), std::string{"-1,2.5,3,a,bar,bb,ccc,foo,x1,zed,true"});
    QVERIFY(run("for k in pairs{[{}] = 1} do end").find("pairs takes tables whose keys are") != std::string::npos);
  }

  void textFunctionsWorkOnPlainText() {
    QCOMPARE(run("return table.concat(('a,b,,c'):split(','), '|')"), std::string{"a|b||c"});
    QCOMPARE(run("return '[' .. ('  x y \\n'):trim() .. ']'"), std::string{"[x y]"});
    QCOMPARE(run("return tostring(('a.b'):contains('.')) .. tostring(('ab'):starts_with('b')) .. "
                 "tostring(('ab'):ends_with('b')) .. ('a+b'):find('+')"),
             std::string{"truefalsetrue2"});
    QCOMPARE(run("local t = {3, 1, 2} table.sort(t) table.insert(t, 1, 9) table.remove(t) return table.concat(t)"),
             std::string{"912"});
    QVERIFY(run("return ('x'):split('')").find("split needs a separator") != std::string::npos);
    QVERIFY(run("table.insert({}, 3, 1)").find("there is no position 3") != std::string::npos);
  }

  void timesMoveAndCompareExactly() {
    QCOMPARE(run("local t = time('2026-11-21T10:00:00.000000001Z') return (t + 1.5 * second + 1):iso()"),
             std::string{"2026-11-21T10:00:01.500000002Z"});
    QCOMPARE(run("local t = time('2026-11-21T10:00:00Z') return tostring(t + 1 > t) .. tostring(t == t + 0) .. "
                 "tostring((t + minute) - t == minute)"),
             std::string{"truetruetrue"});
    QCOMPARE(run("return time('2026-11-21T10:07:31Z'):truncate(5 * minute):iso()"),
             std::string{"2026-11-21T10:05:00Z"});
    QCOMPARE(run("return time('1969-12-31T23:59:59Z'):truncate(minute):iso()"), std::string{"1969-12-31T23:59:00Z"});
    QVERIFY(run("return time('2026-11-21') * 2").find("'+' and '-' move times") != std::string::npos);
    QVERIFY(run("return time('soon')").find("'soon' is no time") != std::string::npos);
    QVERIFY(run("return time('2026-11-21') + 1e30").find("attempt to move a time too far") != std::string::npos);
  }
};

QTEST_APPLESS_MAIN(lua_machine_test)
#include "lua_machine_test.moc"
