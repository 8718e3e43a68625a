#include "millrace/runtime/run_steering.hpp"

#include <QtTest>

#include "millrace/library.hpp"
#include "millrace/validation.hpp"
#include "runtime/remote/steering_wire.hpp"

using namespace millrace;
using runtime::run_steering;
using runtime::remote::setting;
using runtime::remote::steer_request;

namespace {

validation checked_topology() {
  link_library();
  topology t;
  t.name = "trial";
  t.add("numbers", "millrace.generator");
  t.add("some", "millrace.sample", {{"fraction", 0.5}});
  t.add("out", "millrace.null_sink");
  t.connect("numbers", "some").connect("some", "out");
  return validate(t);
}

/// As it stands on the wire: the number of the type among those of `param_value`.
setting a_number(const char* param, double value) {
  return {"some", param, {3}, 2, 0, value, {}};
}

}  // namespace

/// What the node that leads a run says of its parameters, on a node whose actors may be others.
class run_steering_test : public QObject {
  Q_OBJECT

  validation checked_ = checked_topology();

private slots:
  void initTestCase() {
    QVERIFY2(checked_.ok(), checked_.problems.empty() ? "" : to_string(checked_.problems[0]).c_str());
  }

  void whatFitsIsTakenOver() {
    run_steering steering{*checked_.plan, {}};
    QVERIFY(runtime::remote::adopt(steering, {true, {"out"}, {a_number("fraction", 0.25)}}));
    QCOMPARE(steering.given().size(), std::size_t{1});
    QCOMPARE(std::get<double>(steering.given()[0].value), 0.25);
    QVERIFY(steering.muted().contains("out"));
  }

  void whatDoesNotFitIsRefusedAndNamed() {
    const std::pair<setting, const char*> wrong[] = {
        {a_number("fraction", 7), "some.fraction"},
        {a_number("gone", 1), "has no parameter 'gone'"},
        {{"some", "fraction", {3}, 3, 0, 0, "much"}, "some.fraction"},
        {{"nobody", "fraction", {3}, 2, 0, 0.5, {}}, "there is no actor 'nobody'"},
        {{"some", "fraction", {3}, 99, 0, 0, ""}, "some.fraction"},
        {{"some", "seed", {3}, 2, 0, 0.5, {}}, "some"},
    };
    for (const auto& [what, why] : wrong) {
      run_steering steering{*checked_.plan, {}};
      const auto done = runtime::remote::adopt(steering, {false, {"out"}, {a_number("fraction", 0.25), what}});
      QVERIFY(!done);
      QVERIFY2(done.error().message.find(why) != std::string::npos, done.error().message.c_str());
      QVERIFY(steering.given().empty());
      QVERIFY(steering.muted().empty());
    }
  }
};

QTEST_GUILESS_MAIN(run_steering_test)
#include "run_steering_test.moc"
