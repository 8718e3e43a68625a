#include "node/placing/placement_rules.hpp"

#include <QTemporaryDir>

#include <QTest>
#include <filesystem>
#include <fstream>

#include "millrace/library.hpp"
#include "millrace/validation.hpp"
#include "node/placing/log_places.hpp"

using namespace millrace;
using nlohmann::json;
using node::place_tasks;
using node::placement_rules;
using node::placement_rules_of;

namespace {

const node::place_for_tasks own{"a", {{"zone", "west"}, {"rack", "1"}}};
const std::vector<node::place_for_tasks> others{{"b", {{"disk", "fast"}}},
                                                {"c", {{"disk", "fast"}, {"zone", "east"}, {"rack", "1"}}}};

/// made/0..3 -> spread/0..3 -> sink/0..2
std::shared_ptr<const engine::plan> three_actors() {
  topology t;
  t.name = "three";
  t.add("made", "millrace.generator", {{"count", std::int64_t{1}}}, 4);
  t.add("spread", "millrace.round_robin", {}, 4);
  t.add("sink", "millrace.null_sink", {}, 3);
  t.connect("made", "spread").connect("spread", "sink");
  return validate(t).plan;
}

std::string placed(const placement_rules& rules) {
  const auto plan = three_actors();
  const auto nodes = place_tasks(*plan, rules, own, others);
  if (!nodes) return nodes.error().message;
  std::string out;
  for (const auto& n : *nodes) out += n;
  return out;
}

}  // namespace

class placement_rules_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { link_library(); }

  void withoutRulesEverythingIsHere() { QCOMPARE(placed({}), std::string{"aaaaaaaaaaa"}); }

  void partitionsGoRoundTheNodes() {
    QCOMPARE(placed({{"a", "b", "c"}, {}}), std::string{"abcaabcaabc"});
    QCOMPARE(placed({{"c"}, {}}), std::string{"ccccccccccc"});
  }

  void aPinOfAPartitionComesBeforeOneOfItsActor() {
    QCOMPARE(placed({{}, {{"spread", {"b", "c"}}, {"spread/2", {"a"}}}}), std::string{"aaaabcacaaa"});
  }

  void aLabelStandsForAllNodesThatHaveIt() {
    QCOMPARE(placed({{"disk=fast"}, {}}), std::string{"bcbcbcbcbcb"});
    QCOMPARE(placed({{"a"}, {{"sink", {"zone=east"}}}}), std::string{"aaaaaaaaccc"});
    QCOMPARE(placed({{"zone=west"}, {}}), std::string{"aaaaaaaaaaa"});
    QCOMPARE(placed({{"rack=1"}, {}}), std::string{"acacacacaca"});
  }

  void aStarStandsForAllNodes() {
    QCOMPARE(placed({{"*"}, {}}), std::string{"abcaabcaabc"});
    QCOMPARE(placed({{}, {{"sink", {"*"}}}}), std::string{"aaaaaaaaabc"});
    QCOMPARE(placed({{"c", "*"}, {}}), std::string{"cabccabccab"});
  }

  void whatNobodyIsCalledIsRefused() {
    QCOMPARE(placed({{"d"}, {}}), std::string{"placement: no node is called 'd'; known here with a link: a, b, c"});
    QCOMPARE(placed({{"disk=slow"}, {}}),
             std::string{"placement: no node has the label 'disk=slow'; known here with a link: a, b, c"});
    QCOMPARE(placed({{}, {{"sum", {"b"}}}}), std::string{"placement: no actor and no actor/partition is called 'sum'"});
    QCOMPARE(placed({{}, {{"sink/3", {"b"}}}}),
             std::string{"placement: no actor and no actor/partition is called 'sink/3'"});
  }

  void rulesAreTheSameAfterAWayThroughJson() {
    const placement_rules rules{{"a", "b"}, {{"sum", {"b"}}, {"sum/3", {"a", "b"}}}};
    QVERIFY(*placement_rules_of(to_json(rules)) == rules);
    QVERIFY(placement_rules_of(json{})->empty());
  }

  void whatIsNoRuleIsRefusedByName() {
    const auto refused = [](const json& j) {
      const auto r = placement_rules_of(j);
      return r ? std::string{"taken"} : r.error().message;
    };
    QVERIFY(refused(json::array()).find("must be an object") != std::string::npos);
    QVERIFY(refused({{"nodes", "a"}}).find("'nodes'") != std::string::npos);
    QVERIFY(refused({{"nodes", {1}}}).find("'nodes'") != std::string::npos);
    QVERIFY(refused({{"pins", {{"sum", json::array()}}}}).find("'sum'") != std::string::npos);
    QVERIFY(refused({{"node", {"a"}}}).find("'node'") != std::string::npos);
  }

  void logsStayWhereTheyAre() {
    topology t;
    t.name = "fed";
    t.add("feed", "millrace.stdin", {{"logged", true}, {"fields", "name:string"}});
    t.add("sink", "millrace.null_sink");
    t.connect("feed", "sink");
    const auto checked = validate(t);
    QVERIFY2(checked.ok(), checked.ok() ? "" : to_string(checked.problems.front()).c_str());
    const auto& plan = checked.plan;
    const QTemporaryDir folder;
    const std::filesystem::path data{folder.filePath("data").toStdString()};
    const auto place = [&](const placement_rules& rules, const std::vector<node::place_for_tasks>& with) {
      auto nodes = *place_tasks(*plan, rules, own, with);
      const auto known = node::log_places::read(data);
      if (const auto kept = known->apply(*plan, rules, "a", with, nodes); !kept) return kept.error().message;
      return nodes[0] + nodes[1];
    };
    QCOMPARE(place({{"b", "c"}, {}}, others), std::string{"bb"});
    QVERIFY(node::log_places::read(data)->keep(*plan, "a", {"b", "b"}));
    QVERIFY2(node::log_places::read(data)->keep(*plan, "a", {"c", "c"}), "it is known already");
    QCOMPARE(place({{"c"}, {}}, others), std::string{"bc"});
    QCOMPARE(place({}, others), std::string{"ba"});
    QCOMPARE(place({{"c"}, {{"feed", {"b", "c"}}}}, others), std::string{"bc"});
    QVERIFY(place({{}, {{"feed", {"c"}}}}, others).find("has its event log on node 'b'") != std::string::npos);
    QVERIFY(place({}, {{"c", {}}}).find("let it join again") != std::string::npos);
    const std::filesystem::path other{folder.filePath("other").toStdString()};
    QVERIFY(node::log_places::read(other)->keep(*plan, "a", {}));
    std::vector<std::string> nodes{"z", "z"};
    QVERIFY2(node::log_places::read(other)->apply(*plan, {}, "z", others, nodes), "a node may change its name");
    QCOMPARE(nodes, (std::vector<std::string>{"z", "z"}));
    std::ofstream{data / "log_places.json"} << "{\"feed/0\": 7}";
    QCOMPARE(node::log_places::read(data).error().code, errc::corrupt);
  }
};

QTEST_GUILESS_MAIN(placement_rules_test)
#include "placement_rules_test.moc"
