// Patterns as text: what is read, what is refused with which place, and what conditions mean.
// Before Qt, whose keyword `emit` is the name of a member in there.
#include "library/patterns/pattern_text.hpp"
#include "millrace/context.hpp"
#include "millrace/testing/simulation.hpp"

#include <QtTest>

using namespace millrace;
using library::parse_columns;
using library::parse_pattern;
using library::pattern_events;
using library::stored_record;
using patterns::contiguity;

namespace {

const schema& records() {
  static const auto s =
      *parse_schema("input", "price:float64?,name:string?,n:int64,at:event_time,ok:bool,tags:list<string>");
  return s;
}

std::string refused(const std::string& text) {
  const auto rule = parse_pattern(text, records());
  return rule ? "" : rule.error().message;
}

bool is_refused(const std::string& text, const std::string& with) {
  const auto message = refused(text);
  if (message.find(with) != std::string::npos) return true;
  qWarning("'%s' says '%s'", text.c_str(), message.c_str());
  return false;
}

stored_record record_of(value price, std::string_view name, std::int64_t n, std::int64_t at_s, bool ok) {
  return stored_record{
      {price, value::of(name), value::of(n), value::of(event_time{at_s * 1'000'000'000}), value::of(ok)}};
}

/// The condition of stage b over an event, after a took two events.
bool holds(const std::string& condition, const stored_record& current) {
  const auto rule = parse_pattern("a+ followed by b (" + condition + ") followed by c", records());
  if (!rule) qFatal("%s", rule.error().message.c_str());
  const std::vector<stored_record> stored{record_of(value::of(10.0), "first", 1, 100, true),
                                          record_of(value::of(30.0), "second", 2, 200, false)};
  patterns::match_store store;
  (void)store.hold_slot();
  (void)store.hold_slot();
  const auto one = store.add(patterns::no_node, 0, 0, 1, {});
  const auto two = store.add(one, 1, 0, 2, {});
  return (*rule)->conditions[1].holds({&current, patterns::chain{store, two}, stored});
}

}  // namespace

class pattern_text_test : public QObject {
  Q_OBJECT
private slots:
  void everythingHasItsWords() {
    const auto rule = parse_pattern(
        "a (n > 1) {2,5} greedy consecutive next b? followed by c* any followed by any d{3} "
        "not next x (ok) followed by e{2,} not followed by y (n < 0) within 90s skip to last e",
        records());
    QVERIFY2(rule, rule ? "" : rule.error().message.c_str());
    const auto& d = (*rule)->machine.what();
    using stage = patterns::stage;
    const std::vector<stage> stages{{.name = "a", .inner = contiguity::strict, .min = 2, .max = 5, .is_greedy = true},
                                    {.name = "b", .follows = contiguity::strict, .min = 0},
                                    {.name = "c", .inner = contiguity::any, .min = 0, .max = patterns::unbounded},
                                    {.name = "d", .follows = contiguity::any, .min = 3, .max = 3},
                                    {.name = "x", .follows = contiguity::strict, .is_negative = true},
                                    {.name = "e", .min = 2, .max = patterns::unbounded},
                                    {.name = "y", .is_negative = true}};
    QVERIFY(d.stages == stages);
    QVERIFY(d.within == std::chrono::seconds{90});
    QVERIFY(d.skip == patterns::skip_rule::to_last_of && d.skip_stage == "e");
  }

  void mistakesAreNamedWithTheirPlace() {
    QVERIFY(is_refused("", "column 1: a stage's name is expected"));
    QVERIFY(is_refused("next", "'next' has a meaning of its own"));
    QVERIFY(is_refused("a (price > ) followed by b", "column 12, stage 'a': a field, a number"));
    QVERIFY(
        is_refused("a (prize > 1)", "column 4, stage 'a': records that arrive have no field 'prize' (they have price"));
    QVERIFY(is_refused("a (price = 1)", "compare with '=='"));
    QVERIFY(is_refused("a (name > 1)", "column 9, stage 'a': a text cannot be compared with a number"));
    QVERIFY(is_refused("a (price)", "column 4, stage 'a': a yes/no is expected here, not a number"));
    QVERIFY(is_refused("a (tags == 'x')", "which conditions cannot use"));
    QVERIFY(is_refused("a (n > b.n) next b", "column 8, stage 'a': there is no stage 'b' before"));
    QVERIFY(is_refused("a not next x followed by c (n > x.n)", "stage 'c': stage 'x' is a 'not'"));
    QVERIFY(is_refused("a next b (n > a.sum.name)", "no number to take the sum of"));
    QVERIFY(is_refused("a followed b", "column 12: 'by' is expected"));
    QVERIFY(is_refused("a b", "column 3: 'next', 'followed by'"));
    QVERIFY(is_refused("a{3,2}", "column 1, stage 'a'"));
    QVERIFY(is_refused("a followed by\n  not b", "line 2, column 3: a stage's name"));
    QVERIFY(is_refused("a not followed by b", "column 19, stage 'b': 'not followed by' at the end"));
    QVERIFY(is_refused("a within soon", "column 10: "));
    QVERIFY(is_refused("a skip to last q", "column 16: there is no stage 'q'"));
    QVERIFY(is_refused("a (name == 'x", "does not end"));
    QVERIFY(is_refused("a (at > 'yesterday')", "the text is no time"));
    QVERIFY(is_refused("a (" + std::string(100, '(') + "ok", "nested too deep"));
    QVERIFY(is_refused("a (ok) (ok)", "column 8, stage 'a': it has a condition already"));
  }

  void conditionsMeanWhatTheySay_data() {
    QTest::addColumn<QByteArray>("condition");
    QTest::addColumn<bool>("is_true");
    const auto row = [](const char* condition, bool is_true) {
      QTest::newRow(condition) << QByteArray{condition} << is_true;
    };
    row("price > 19.5", true);
    row("price == 20 and name == 'it' and not ok", true);
    row("price < 20 or price > 20", false);
    row("price != 20", false);
    row("price > a.price", false);  // the last one
    row("price > a.first.price", true);
    row("price > first.price and price < last.price", true);
    row("price == a.mean.price and a.sum.price == 40 and a.min.price == 10 and a.max.price == 30", true);
    row("a.count == 2 and b.count == 0", true);
    row("b.last.price > 0", false);  // none yet: null
    row("b.last.price is null and price is not null", true);
    row("not (b.last.price > 0)", true);
    row("name in ('that', 'it')", true);
    row("n in (1, -3)", true);
    row("n + 2 * 3 == 3", true);
    row("(n + 2) * 3 == -3", true);
    row("-n == 3", true);
    row("n / 0 > 1", false);
    row("name contains 'i'", true);
    row("name contains \"x\"", false);
    row("ok", false);
    row("ok == false", true);
    row("at - a.at == 100.0 and at - first.at > 199", true);
    row("at > '1970-01-01T00:04:59Z'", true);
    row("n == -3 and n != 9007199254740993", true);
    row("price > 1e1 and price < 2.5e+1", true);
  }
  void conditionsMeanWhatTheySay() {
    QFETCH(QByteArray, condition);
    QFETCH(bool, is_true);
    QCOMPARE(holds(condition.toStdString(), record_of(value::of(20.0), "it", -3, 300, false)), is_true);
  }
  void nothingComparesWithNull() {
    const auto empty = record_of({}, "it", 0, 300, false);
    for (const auto* condition :
         {"price > 1", "price < 1", "price == 1", "price != 1", "price == price", "-price < 1"}) {
      QVERIFY2(!holds(condition, empty), condition);
    }
    // A record of another schema is no reason to read its bytes as something else.
    const stored_record other{{value::of(true), value::of(std::int64_t{5}), value::of(std::string_view{"x"})}};
    for (const auto* condition : {"price > 0", "name == 'x'", "n > 0", "at > '1970-01-01'", "ok"}) {
      QVERIFY2(!holds(condition, other), condition);
    }
  }

  void columnsOfResults() {
    const auto columns =
        parse_columns("low = a.price, a.first.name, last.at, n_of_a = a.count, a.sum.price, count", records());
    QVERIFY2(columns, columns ? "" : columns.error().message.c_str());
    std::string text;
    for (const auto& c : *columns) text += c.name + ":" + to_text(c.type) + " ";
    QCOMPARE(
        text,
        std::string(
            "low:float64? a_first_name:string? last_at:event_time? n_of_a:int64 a_sum_price:float64? count:int64 "));
    QVERIFY(parse_columns("x = a.q", records()).error().message.find("column 7") == 0);
    QVERIFY(!parse_columns("x = ", records()));
    QVERIFY(!parse_columns("a", records()));
  }

  void garbageIsRefusedAndNeverCrashes() {
    random_source random{testing::seed_from_environment(1)};
    const std::vector<std::string> parts{
        "a",  "b",    "next",  "followed by", "any",         "not", "(", ")",   "n",  ">",
        "1",  ".",    "count", "sum",         "'x'",         "{",   "}", ",",   "2",  "within",
        "5m", "skip", "to",    "last",        "+",           "*",   "?", "and", "or", "in",
        "is", "null", "price", "greedy",      "consecutive", "\n",  "$", "-",   "/",  "first"};
    int accepted = 0;
    for (int i = 0; i < 50'000; ++i) {
      std::string text = "a";
      for (auto n = random.below(14); n != 0; --n) text += " " + parts[random.below(parts.size())];
      accepted += parse_pattern(text, records()) ? 1 : 0;
      (void)parse_columns(text, records());
    }
    QVERIFY(accepted > 10);
  }

  void aStoredRecordIsReadBack() {
    const stored_record made{{value::of(1.5), value::of(std::string_view{"text"}), value{}, value::of(event_time{7}),
                              value::of(true), value::of(decimal{5, 1}), value::of(std::uint64_t{1} << 63),
                              value::of(std::int64_t{-2})}};
    byte_buffer bytes;
    msgpack::writer out{bytes};
    encode(out, made);
    msgpack::reader in{bytes.view()};
    stored_record read;
    QVERIFY(decode(in, read) && in.at_end());
    for (std::uint32_t i = 0; i < 9; ++i) QVERIFY(read.field(i) == made.field(i));
  }
};

QTEST_APPLESS_MAIN(pattern_text_test)
#include "pattern_text_test.moc"
