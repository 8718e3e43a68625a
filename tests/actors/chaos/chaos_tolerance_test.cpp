// What a probe brings against what it should be.
#include "chaos/tolerance.hpp"

#include <QtTest>

using millrace::chaos::is_met;
using millrace::chaos::problem_of_tolerance;
using millrace::chaos::values_at;
using nlohmann::json;

namespace {

json process(int status, const char* out = "") {
  return {{"status", status}, {"stdout", out}, {"stderr", ""}};
}

const char* const answer = "{\"state\":\"running\",\"tasks\":[{\"n\":1},{\"n\":2}],\"a b\":3}";

}  // namespace

class chaos_tolerance_test : public QObject {
  Q_OBJECT
private slots:
  void scalars() {
    QVERIFY(is_met(0, process(0)));
    QVERIFY(!is_met(0, process(1)));
    QVERIFY(is_met(true, process(0)));
    QVERIFY(is_met(false, process(3)));
    QVERIFY(is_met("OK", process(0, "OK\n")));
    QVERIFY(!is_met("OK", process(0, "NOT OK\n")));
    QVERIFY(is_met(8, json(8)));
  }
  void ranges() {
    QVERIFY(is_met({4, 9}, process(0, "4")));
    QVERIFY(!is_met({4, 9}, process(0, "9.5")));
    QVERIFY(!is_met({4, 9}, process(0, "many")));
    QVERIFY(is_met({{"type", "range"}, {"range", {0, 1}}, {"target", "status"}}, process(1)));
  }
  void patterns() {
    QVERIFY(is_met({{"type", "regex"}, {"pattern", "run+ing"}}, process(0, answer)));
    QVERIFY(!is_met({{"type", "regex"}, {"pattern", "^run"}}, process(0, answer)));
    QVERIFY(!is_met({{"type", "regex"}, {"pattern", "running"}, {"target", "stderr"}}, process(0, answer)));
  }
  /// As in Python, whose regular expressions the format means.
  void aPatternsEndIsBeforeTheLastNewline() {
    const json whole{{"type", "regex"}, {"pattern", "^welcome=hello$"}};
    QVERIFY(is_met(whole, process(0, "welcome=hello\n")));
    QVERIFY(is_met(whole, process(0, "welcome=hello")));
    QVERIFY(!is_met(whole, process(0, "welcome=hello\n\n")));
    QVERIFY(!is_met(whole, process(0, "welcome=hello\nx")));
  }
  void filters() {
    const json printed{{"foo", {{{"baz", "a"}}, {{"other", 1}}, {{"baz", "b"}}}}};
    for (const auto* const path : {"$.foo[?(@.baz)].baz", "$.foo.*[?(@.baz)].baz"}) {
      const json t{{"type", "jsonpath"}, {"path", path}, {"expect", {"a", "b"}}};
      QCOMPARE(problem_of_tolerance(t), std::string{});
      QVERIFY2(is_met(t, process(0, printed.dump().c_str())), path);
    }
    QVERIFY(!problem_of_tolerance({{"type", "jsonpath"}, {"path", "$.foo[?(@.baz == 1)"}}).empty());
  }
  /// What is expected may be an object, too.
  void anObjectThatIsNoToleranceIsAValue() {
    const json found{{"foo", {{"type", 3}}}};
    QVERIFY(
        is_met({{"type", "jsonpath"}, {"path", "$.foo"}, {"expect", {{"type", 3}}}}, process(0, found.dump().c_str())));
    QVERIFY(!is_met({{"type", "jsonpath"}, {"path", "$.foo"}, {"expect", {{"type", 4}}}},
                    process(0, found.dump().c_str())));
  }
  void paths() {
    const auto path = [](const char* p, const json& expect) {
      return is_met({{"type", "jsonpath"}, {"path", p}, {"expect", expect}}, process(0, answer));
    };
    QVERIFY(path("$.state", "running"));
    QVERIFY(!path("$.state", "failed"));
    QVERIFY(!path("$.nothing", "running"));
    QVERIFY(path("$.tasks[*].n", json::array({1, 2})));
    QVERIFY(path("$.tasks[1]['n']", 2));
    QVERIFY(path("$['a b']", 3));
    QVERIFY(is_met({{"type", "jsonpath"}, {"path", "$.tasks[*]"}, {"count", 2}}, process(0, answer)));
    QVERIFY(!is_met({{"type", "jsonpath"}, {"path", "$.tasks[*]"}, {"count", 3}}, process(0, answer)));
    QVERIFY(!path("$.state", "x") && !is_met({{"type", "jsonpath"}, {"path", "$.a"}}, process(0, "no json")));
  }
  void saysWhatIsWrong() {
    for (const auto& bad : {json::array({1}), json::array({2, 1}), json{{"type", "range"}}, json{{"type", "odd"}},
                            json{{"type", "regex"}, {"pattern", "("}}, json{{"type", "jsonpath"}, {"path", "state"}},
                            json{{"type", "jsonpath"}, {"path", "$.a["}}}) {
      QVERIFY2(!problem_of_tolerance(bad).empty(), bad.dump().c_str());
    }
    QVERIFY(problem_of_tolerance("OK").empty());
    QVERIFY(!values_at("$.", json::object()));
    QVERIFY(!values_at("$[x]", json::object()));
  }
};

QTEST_GUILESS_MAIN(chaos_tolerance_test)
#include "chaos_tolerance_test.moc"
