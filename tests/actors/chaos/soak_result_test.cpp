#include "chaos/soak.hpp"
#include "millrace/chaos/catalogue.hpp"

#include <QtTest>

using millrace::chaos::fault_kind_of;
using millrace::chaos::soak_kinds;
using millrace::chaos::soak_result;

class soak_result_test : public QObject {
  Q_OBJECT
private slots:
  /// A kind that nobody knows is refused each time, and strikes nothing.
  void drawsOnlyKindsThatThereAre() {
    QVERIFY(soak_kinds().size() >= 15);
    for (const auto& kind : soak_kinds()) {
      QVERIFY2(fault_kind_of(kind).has_value(), kind.c_str());
    }
  }

  /// A fault that hit nothing is never a pass.
  void passesOnlyWhenSomethingWasStruck() {
    soak_result r;
    QVERIFY(r.problem().find("before the first round") != std::string::npos);
    r.rounds = 3;
    QVERIFY(r.problem().find("no fault was done") != std::string::npos);
    r.faults = 2;
    r.hits = {{"drop", 0}, {"kill", 0}};
    QVERIFY(r.problem().find("2 faults were done, and none struck") != std::string::npos);
    r.hits["kill"] = 1;
    QCOMPARE(r.problem(), std::string{});
    // The process that was killed takes its count along.
    r.hits.clear();
    r.restarts = 1;
    QCOMPARE(r.problem(), std::string{});
    r.failure = "round 4: the output differs";
    QCOMPARE(r.problem(), r.failure);
  }
};

QTEST_APPLESS_MAIN(soak_result_test)
#include "soak_result_test.moc"
