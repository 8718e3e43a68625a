#include "millrace/testing/purity.hpp"

#include "trial_actors.hpp"

#include <QtTest>

using namespace millrace;
using testing::check_purity;
using testing::topology_harness;

namespace {

testing::purity_report report_of(const std::string& check) {
  topology_harness h{trial::fraud(check)};
  h.feed("payments", trial::payments(240), {.disorder = std::chrono::milliseconds{4}});
  return check_purity(h);
}

bool names(const testing::purity_report& r, const std::string& what) {
  return std::ranges::any_of(
      r.calls, [&](const std::string& c) { return c.starts_with("check/") && c.find(what) != std::string::npos; });
}

}  // namespace

class purity_test : public QObject {
  Q_OBJECT
private slots:
  void findsNothingInAPureActor() {
    const auto r = report_of("trial.velocity");
    QVERIFY2(r.ok(), r.text().c_str());
  }

  void findsTheWallClock() {
    const auto r = report_of("trial.clock_reader");
    QVERIFY2(names(r, "clock_gettime"), r.text().c_str());
    // Seen in the output as well, though the two runs are made within the same second.
    QVERIFY2(r.difference.find("check/") != std::string::npos, r.text().c_str());
  }

  void findsDiceOfItsOwn() {
    const auto r = report_of("trial.gambler");
    QVERIFY2(names(r, "std::random_device"), r.text().c_str());
    QVERIFY(!r.difference.empty());
  }

  void findsAnOrderOfPointers() {
    const auto r = report_of("trial.pointer_order");
    QVERIFY(r.calls.empty());
    QVERIFY2(r.difference.find("check/") != std::string::npos, r.text().c_str());
  }
};

QTEST_APPLESS_MAIN(purity_test)
#include "purity_test.moc"
