// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/router.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

constexpr const char* trades =
    "symbol:string,price:float64,amount:int64,fee:decimal?,ok:bool,at:event_time,note:string?,tags:list<string>";

text_rig::setting filter(const std::string& where, const char* fields = trades) {
  return {.id = "millrace.filter_by", .params = {{"where", where}}, .input_fields = fields};
}
std::string filter_problem(const std::string& where, const char* fields = trades) {
  return text_rig{filter(where, fields)}.problem();
}

text_rig::setting map(const std::string& set, const std::string& keep, const char* fields) {
  return {.id = "millrace.map", .params = {{"set", set}, {"keep", keep}}, .input_fields = fields};
}

constexpr const char* simple = "s:string,i:int64,f:float64,d:decimal,t:event_time,b:bool,n:int64?";

void expect_problem(const std::string& got, const char* wanted) {
  QVERIFY2(got.find(wanted) != std::string::npos, got.c_str());
}

/// What the handler throws for a line; empty: nothing.
std::string failure(text_rig& rig, const std::string& line) {
  try {
    rig.feed({line});
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

}  // namespace

class expression_test : public QObject {
  Q_OBJECT
private slots:
  void filterParts_data() {
    QTest::addColumn<QByteArray>("where");
    QTest::addColumn<QByteArray>("kept");  // numbers of the records that go to "out"
    const auto row = [](const char* where, const char* kept) {
      QTest::newRow(where) << QByteArray{where} << QByteArray{kept};
    };
    row("i > 1 and s ~= 'X'", "1");
    row("i == 1 or s == \"X\"", "02");
    row("not b", "1");
    row("b", "02");
    row("f * i >= 3", "12");
    row("d == 1.5", "0");
    row("t < time('1970-01-01T00:00:02Z')", "0");
    row("t - time '1970-01-01' > 1.5 * second", "12");
    row("(n or 0) > 5", "1");
    row("n == nil", "02");
    row("n ~= nil and n > 5", "1");
    row("#s == 1 -- of one letter", "12");
    row("s:lower():contains('b')", "0");
    row("string.sub(s, 1, 1) == 'a' and math.floor(f) == 1", "0");
    row("math.max(i, f) > 2.4", "12");
    row("2^2^3 == 256 and -2^2 == -4 and 7 % 4 == 3 and 'a' .. 'b' .. 1 == 'ab1'", "012");
    row("i % 2 == 0 and\n  f > 0", "1");
    row("tostring(i) == '3'", "2");
    row("nil", "");
  }
  void filterParts() {
    QFETCH(QByteArray, where);
    QFETCH(QByteArray, kept);
    const lines all{"abc,1,1.5,1.5,1000000000,true,", "q,2,2.5,2,2000000000,false,7", "X,3,1,3,3000000000,true,"};
    text_rig rig{filter(where.toStdString(), simple)};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed(all);
    lines out;
    lines rest;
    for (std::size_t i = 0; i < all.size(); ++i)
      (kept.contains(static_cast<char>('0' + i)) ? out : rest).push_back(all[i]);
    QCOMPARE(rig.output("out"), out);
    QCOMPARE(rig.output("rest"), rest);
  }

  void whatCannotBeRightIsRefusedWithItsPlace_data() {
    QTest::addColumn<QByteArray>("where");
    QTest::addColumn<QByteArray>("problem");
    const auto row = [](const char* where, const char* problem) {
      QTest::newRow(where) << QByteArray{where} << QByteArray{problem};
    };
    row("prize > 1", "parameter 'where', column 1: records that arrive have no field 'prize'; did you mean 'price'?");
    row("ok and\n  volume > 1",
        "line 2, column 3: records that arrive have no field 'volume' (they have 'symbol', 'price'");
    row("symbol / 2 > 1", "column 8: '/' works on numbers, and 'symbol' is text");
    row("amount > 'x'", "column 8: '>' cannot compare a number with text");
    row("amount == 'x'", "column 8: a number never equals text");
    row("at > 5", "'>' cannot compare a time with a number");
    row("at + at > at", "two times have no sum");
    row("-symbol == 1", "column 1: '-' works on numbers, and 'symbol' is text");
    row("#amount > 1", "'#' works on text and tables, and 'amount' is a number");
    row("price", "column 1: this gives a number, and a condition gives true or false");
    row("price = 5", "column 7: '=' stands where the end was expected; '==' compares");
    row("price > ", "the text ends where a value was expected");
    row("price > 5)", "column 10: ')' stands where the end was expected");
    row("(price > 5", "column 11: the text ends where ')' after what the parenthesis opened was expected");
    row("price != 5", "column 7: '!' is not Lua: 'not' negates, '~=' means different");
    row("symbol == 'x", "column 11: the text in quotes does not end");
    row("price > 5L", "numbers here are doubles, without a suffix");
    row("price > 0x1g", "malformed number");
    row("os.time() > 5", "column 1: 'os' is not available: scripts reach nothing outside the topology");
    row("math.random() > 0.5", "column 6: 'math.random' is not available: the context draws random numbers");
    row("math.flor(price) > 1", "column 6: there is no 'math.flor'; did you mean 'floor'?");
    row("symbol:uper() == 'X'", "column 8: text has no 'uper'; did you mean 'upper'?");
    row("symbol:match('x') ~= nil", "there are no patterns");
    row("price.x == 1", "column 7: 'price' is a number and has no fields");
    row("price(1) == 1", "column 1: 'price' is a number, not a function");
    row("math == 1", "never equals");
    row("tags == nil", "field 'tags' is a list<string>, which expressions do not read");
    row("(function() return true end)()", "column 2: an expression defines no functions");
    row("#{1} == 1", "column 2: an expression makes no tables");
    row("\xe2\x80\x9cx\xe2\x80\x9d == symbol", "column 1: a character Lua has no use for");
    row("", "column 1: the text ends where a value was expected");
  }
  void whatCannotBeRightIsRefusedWithItsPlace() {
    QFETCH(QByteArray, where);
    QFETCH(QByteArray, problem);
    expect_problem(filter_problem(where.toStdString()), problem);
  }

  void deepNestingIsRefused() {
    expect_problem(filter_problem(std::string(10'000, '(') + "ok" + std::string(10'000, ')')),
                   "nested more than 150 deep");
    expect_problem(filter_problem("ok" + std::string(70'000, ' ')), "has more than 64 KiB");
  }

  void failuresAtRunTimeSayWhere() {
    text_rig rig{
        filter("price > 1 and\n(note or fee) / 2 > 1", "price:float64,note:string?,fee:float64?,tags:string?")};
    QCOMPARE(rig.problem(), std::string{});
    QCOMPARE(failure(rig, "5,,8,"), std::string{});
    QCOMPARE(failure(rig, "5,abc,8,").c_str(),
             "parameter 'where', line 2, column 15: attempt to perform arithmetic on a string value");
    QCOMPARE(failure(rig, "5,,,").c_str(),
             "parameter 'where', line 2, column 15: attempt to perform arithmetic on a nil value");
    QCOMPARE(failure(rig, "5,,3,"), std::string{});
    QCOMPARE(rig.output(), (lines{"5,,8,", "5,,3,"}));
  }

  void operatorsThatEndTogetherAreToldApart_data() {
    QTest::addColumn<QByteArray>("where");
    QTest::addColumn<int>("column");
    const auto row = [](const char* where, int column) { QTest::newRow(where) << QByteArray{where} << column; };
    row("1 + x > 2", 3);
    row("1 < 2 + 3 * x", 11);
    row("1 < 2 + x * 3", 11);
    row("1 < x + 2 * 3", 7);
    row("x < 2 + 2 * 3", 3);
    row("1 < 2 ^ -x", 9);
    row("1 < -x ^ 2", 8);
    row("1 == 1 and 2 * 3 - x == 1", 18);
    row("2 * (3 - x) == 1", 8);
    row("1 > math.abs(x)", 10);
    row("'a' .. 'b' .. x == 'a'", 5);  // one instruction joins them all
    row("1 + 1 + x + 1 == 4", 7);
  }
  void operatorsThatEndTogetherAreToldApart() {
    QFETCH(QByteArray, where);
    QFETCH(int, column);
    text_rig rig{filter(where.toStdString(), "x:int64?,y:int64?")};
    QCOMPARE(rig.problem(), std::string{});
    expect_problem(failure(rig, ","), ("parameter 'where', column " + std::to_string(column) + ":").c_str());
  }

  void longChainsAreRead() {
    std::string where = "i == 0";
    for (int i = 1; i < 2000; ++i) where += " or i == " + std::to_string(i);
    text_rig rig{filter(where, "i:int64")};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"1999", "2000"});
    QCOMPARE(rig.output(), lines{"1999"});
  }

  void nullsAreNoNumbers() {
    text_rig rig{filter("fee > 1")};
    QCOMPARE(rig.problem(), std::string{});
    text_rig plain{filter("n > 1", "n:int64?")};
    expect_problem(failure(plain, ""), "parameter 'where', column 3: attempt to compare");
  }

  void aConditionThatGivesSomethingElseFails() {
    text_rig rig{filter("ok and price", "ok:bool,price:float64")};
    QCOMPARE(rig.problem(), std::string{});
    expect_problem(failure(rig, "true,5"), "column 1: this gave the number 5 where true or false was expected");
    QCOMPARE(failure(rig, "false,5"), std::string{});
  }

  void largeIntegersCompareButDoNotCalculate() {
    text_rig same{filter("a == b", "a:int64,b:uint64")};
    same.feed({"9007199254740993,9007199254740993", "9007199254740993,9007199254740992", "1,1"});
    QCOMPARE(same.output(), (lines{"9007199254740993,9007199254740993", "1,1"}));
    text_rig more{filter("a > b", "a:int64,b:uint64")};
    more.feed({"9007199254740994,9007199254740993", "-9007199254740994,18446744073709551615"});
    QCOMPARE(more.output(), (lines{"9007199254740994,9007199254740993"}));
    text_rig sum{filter("a + 1 > 0", "a:int64")};
    expect_problem(failure(sum, "9007199254740993"),
                   "column 3: attempt to calculate with 9007199254740993, which has more digits than a number of Lua");
    text_rig against{filter("a > 0", "a:int64")};
    expect_problem(failure(against, "9007199254740993"), "attempt to compare number with time or large integer");
    text_rig rounded{filter("tonumber(a) + 1 > 0", "a:int64")};
    QCOMPARE(failure(rounded, "9007199254740993"), std::string{});
  }

  void routerSendsWhereTheExpressionSays() {
    const auto targets = [](const std::string& to, const lines& rows) {
      text_rig rig{{.id = "millrace.route_by", .params = {{"to", to}}, .input_fields = "s:string,n:float64?"}};
      const auto batch = rig.batch_of(rows);
      std::vector<std::uint16_t> out(batch->size());
      std::vector<std::uint64_t> hashes(batch->size());
      (void)rig.as<router>().route(rig.ctx(), *batch, 4, out, hashes);
      return out;
    };
    using numbers = std::vector<std::uint16_t>;
    QCOMPARE(targets("n", {"a,0", "a,3", "a,4", "a,-1"}), (numbers{0, 3, 0, 3}));
    QCOMPARE(targets("s == 'b' and 3 or 1", {"a,0", "b,0"}), (numbers{1, 3}));
    const auto by_text = targets("s", {"abc,0", "def,1", "abc,2"});
    QCOMPARE(by_text[0], by_text[2]);
    QVERIFY_EXCEPTION_THROWN((void)targets("n", {"a,0.5"}), std::runtime_error);
    QVERIFY_EXCEPTION_THROWN((void)targets("n", {"a,"}), std::runtime_error);
    const auto problem = [](const char* to) {
      return text_rig{{.id = "millrace.route_by", .params = {{"to", to}}, .input_fields = "s:string"}}.problem();
    };
    expect_problem(problem("s == 'a'"),
                   "parameter 'to', column 1: this gives a boolean, and a number or text is needed");
    expect_problem(problem("t"), "column 1: records that arrive have no field 't'");
  }

  void mapAddsAndChangesFields() {
    text_rig rig{
        map("total = price * amount; fee:decimal = total / 100\nsymbol = symbol:upper() big = total > 10 "
            "later = at + 90 * second; half:int64? = amount % 2 == 0 and amount / 2 or nil",
            "*", "symbol:string,price:float64,amount:int64,at:event_time")};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"abc,2.5,3,1000000000", "def,10,2,1000000001"});
    QCOMPARE(rig.output(), (lines{"ABC,2.5,3,1000000000,7.5,0.075,false,91000000000,",
                                  "DEF,10,2,1000000001,20,0.2,true,91000000001,1"}));
    const auto& made = engine::actor_access::outputs(rig.as<>())[1]->type()->schema();
    QCOMPARE(to_text(made), std::string{"symbol:string,price:float64,amount:int64,at:event_time,total:float64,"
                                        "fee:decimal,big:bool,later:event_time,half:int64?"});
    QCOMPARE(made.event_time_field, std::optional<std::uint32_t>{3});
  }

  void mapKeepsWhatItIsTold() {
    text_rig rig{map("b = a; a = tostring(c)", "c", "a:int64,c:int64?,d:string")};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"9223372036854775807,5,x"});
    QCOMPARE(rig.output(), lines{"5,9223372036854775807,5"});
    QCOMPARE(to_text(engine::actor_access::outputs(rig.as<>())[1]->type()->schema()),
             std::string{"c:int64?,b:int64,a:string"});
    expect_problem(text_rig{map("b = a", "x", "a:int64")}.problem(),
                   "parameter 'keep': records that arrive have no field 'x'");
  }

  void mapPassesWhatItDoesNotRead() {
    text_rig rig{map("x = s", "*", "s:string!personal,d:decimal")};
    QCOMPARE(rig.problem(), std::string{});
    const auto& fields = engine::actor_access::outputs(rig.as<>())[1]->type()->schema().fields;
    QVERIFY(fields[2].personal);
    rig.feed({"a,1.50"});
    QCOMPARE(rig.output(), lines{"a,1.50,a"});
  }

  void mapChecksItsAssignments_data() {
    QTest::addColumn<QByteArray>("set");
    QTest::addColumn<QByteArray>("problem");
    const auto row = [](const char* set, const char* problem) {
      QTest::newRow(set) << QByteArray{set} << QByteArray{problem};
    };
    row("x = i; x = f", "parameter 'set', column 8: 'x' is assigned twice");
    row("x:int64 = s", "column 1: 'x' is declared as int64, and the expression gives text");
    row("x = b and 1", "column 1: the type of 'x' cannot be told: write 'x:float64 = …'");
    row("x:flaot64 = i", "column 2: this is no type");
    row("x:list<int64> = i", "column 2: an assignment makes one value");
    row("x == 1", "column 3: '==' stands where '=' after the name was expected");
    row("x = y", "column 5: records that arrive have no field 'y'");
    row("x = 1, y = 2", "column 6: ',' stands where a name after the end of what came before was expected");
    row("x = s / 2", "column 7: '/' works on numbers, and 's' is text");
    row("", "the text ends where a name after");
  }
  void mapChecksItsAssignments() {
    QFETCH(QByteArray, set);
    QFETCH(QByteArray, problem);
    expect_problem(text_rig{map(set.toStdString(), "*", simple)}.problem(), problem);
  }

  void mapSaysWhichValueDoesNotFit() {
    text_rig rig{map("x:int8 = f * 1", "", "f:float64")};
    QCOMPARE(rig.problem(), std::string{});
    QCOMPARE(failure(rig, "7"), std::string{});
    expect_problem(failure(rig, "0.5"),
                   "parameter 'set', column 1: field 'x' (int8) takes a whole number, and this is the number 0.5");
    expect_problem(failure(rig, "300"), "column 1: the number 300 does not fit into field 'x' (int8)");
    expect_problem(failure(rig, "nan"), "takes a whole number");
    QCOMPARE(failure(rig, "-128"), std::string{});
    QCOMPARE(rig.output(), (lines{"7", "-128"}));
  }
};

QTEST_APPLESS_MAIN(expression_test)
#include "expression_test.moc"
