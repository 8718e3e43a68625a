#include <QTest>
#include <nlohmann/json.hpp>

#include "core/breakpoints.hpp"

namespace millrace::workbench {

/// What an engine tells of breakpoints, against wires of a drawing.
class BreakpointsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void breakpointsAndThoseWhoStandAreFoundByWireAndActor() {
    const auto state = readBreaks(nlohmann::json::parse(
        "{\"breakpoints\": [{\"id\": 7, \"channel\": \"a.out->sum.in\", \"when\": \"x > 1\", \"hits\": 3},"
        " {\"id\": 8, \"channel\": \"a -> b.in\", \"when\": \"\", \"hits\": 0}],"
        " \"stopped\": [{\"task\": \"sum/0\", \"breakpoint\": 7}, {\"task\": \"sum/1\", \"breakpoint\": 7},"
        " {\"task\": \"summary/0\", \"breakpoint\": 99}]}"));
    const stream_spec wire{"a", "out", "sum", "in"};
    QVERIFY(state.on(wire) != nullptr);
    QCOMPARE(state.on(wire)->when, QStringLiteral("x > 1"));
    QCOMPARE(state.on(wire)->hits, std::uint64_t{3});
    QCOMPARE(state.standingAt(wire), 2);
    QCOMPARE(state.standingOf("sum"), 2);
    QCOMPARE(state.standingOf("summary"), 1);
    // Ports may be left out, and spaces put in.
    QVERIFY(state.on({"a", "rest", "b", "in"}) != nullptr);
    QCOMPARE(state.standingAt({"a", "rest", "b", "in"}), 0);
    QVERIFY(state.on({"a", "rest", "sum", "in"}) == nullptr);
    QVERIFY(state.on({"a", "out", "sum", "other"}) == nullptr);
    QCOMPARE(channelOf(wire), std::string{"a.out->sum.in"});
  }

  void whatCannotBeReadIsLeftOut() {
    QVERIFY(readBreaks(nullptr).isEmpty());
    QVERIFY(readBreaks({{"breakpoints", 5}, {"stopped", "x"}}).isEmpty());
    const auto odd = readBreaks({{"breakpoints", {1, nlohmann::json::object()}}, {"stopped", nlohmann::json::array()}});
    QCOMPARE(odd.breakpoints.size(), std::size_t{1});
    QVERIFY(odd.on({"a", "out", "b", "in"}) == nullptr);
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::BreakpointsTest)
#include "breakpoints_test.moc"
