#include "network_trial.hpp"

#include <QTest>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

std::string topology_text(const std::string& name) {
  topology t;
  t.name = name;
  t.settings.snapshot_interval = 200ms;
  t.add("ticks", "millrace.generator", {{"rate", 100.0}});
  t.add("route", "millrace.by_key");
  t.add("totals", "millrace.aggregate", {{"key", std::string{"number"}}, {"value", std::string{"number"}}});
  t.add("gone", "millrace.null_sink");
  return to_text(t.connect("ticks", "route").connect("route", "totals").connect("totals", "gone"));
}

/// A key of the matrix.
struct holder {
  std::string name;
  node::role may;
  json limits;
  [[nodiscard]] bool is_limited() const { return !limits.empty(); }
  [[nodiscard]] bool has_topics() const { return limits.contains("topics"); }
};

std::vector<holder> holders() {
  std::vector<holder> out;
  for (const auto may : {node::role::viewer, node::role::operator_, node::role::admin}) {
    const std::string role = node::to_string(may);
    out.push_back({role + "-all", may, json::object()});
    out.push_back({role + "-limited", may, {{"topologies", {"mine"}}}});
    out.push_back({role + "-topics", may, {{"topics", {"mine/totals", "mine/route->totals"}}}});
  }
  return out;
}

json arguments(const std::string& verb, const std::string& topology) {
  if (verb == "deploy" || verb == "plan") return {{"text", topology_text(topology)}, {"base_folder", "/"}};
  return {{"topology", topology}};
}

/// Of a request that names no part of a topology.
bool is_denied_to(const holder& h, const node::verb_rule& rule, const std::string& topology) {
  if (h.may < rule.least) return true;
  if (!rule.is_of_topology) return h.is_limited() && rule.least == node::role::admin;
  if (h.is_limited() && topology != "mine") return true;
  return h.has_topics() && rule.least != node::role::viewer && rule.data != node::shows::opened;
}

/// Those that the tables of verbs in the documents have: the words in backquotes of their first column.
std::set<std::string> documented_verbs() {
  std::set<std::string> out;
  for (const auto& page : std::filesystem::directory_iterator{DOCS}) {
    if (page.path().extension() != ".md") continue;
    std::ifstream in{page.path()};
    bool is_table = false;
    for (std::string line; std::getline(in, line);) {
      is_table = line.starts_with("|") && (is_table || line == "| verb | arguments | answer |");
      if (!is_table) continue;
      const auto first = line.substr(1, line.find('|', 1) - 1);
      for (auto at = first.find('`'); at != std::string::npos;) {
        const auto end = first.find('`', at + 1);
        out.insert(first.substr(at + 1, end - at - 1));
        at = end == std::string::npos ? end : first.find('`', end + 1);
      }
    }
  }
  return out;
}

}  // namespace

/// Every role × every verb × topologies the key is for and not for, each refusal in the audit log; and what keys for
/// parts of a topology may see.
class permissions_test : public test::network_trial {
  Q_OBJECT

  void deploy(const std::string& name) {
    const auto done = local()->call("deploy", {{"text", topology_text(name)}, {"base_folder", "/"}}, patience);
    QVERIFY2(done, done ? "" : done.error().message.c_str());
  }
  /// Whether the audit log behind so many bytes says that this was denied.
  [[nodiscard]] bool is_noted(qint64 from, const std::string& who, const std::string& verb,
                              const std::string& topology) const {
    return std::ranges::any_of(audit(from), [&](const json& e) {
      return e["outcome"] == "denied" && e["who"] == who && e["verb"] == verb && e["topology"] == topology;
    });
  }

private slots:
  void init() {
    denials_noted_ = 100'000;
    alerts_ = runtime_.filePath("rules.json").toStdString();
    QFile file{QString::fromStdString(alerts_)};
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    const json kept{{"name", "kept"},   {"measure", "state"}, {"actor", "totals"}, {"state", "aggregate"},
                    {"field", "count"}, {"of", "sum"},        {"above", 0}};
    const json old{{"name", "old"}, {"measure", "events_in_per_s"}, {"actor", "gone"}, {"below", 1e9}};
    file.write(QByteArray::fromStdString(json{{"millrace_alerts", 1}, {"rules", {kept, old}}}.dump()));
    file.close();
    begin_anew();
    deploy("mine");
    deploy("theirs");
  }
  void cleanup() { end(); }

  void whatEachKeyMayDo() {
    std::size_t refused = 0;
    for (const auto& h : holders()) {
      const auto asks = client(h.name, node::to_string(h.may), h.limits);
      for (const auto& rule : node::verb_rules()) {
        for (const std::string topology : {"mine", "theirs"}) {
          const std::string verb = rule.verb;
          const bool is_expected = is_denied_to(h, rule, topology);
          if (verb == "remove" && !is_expected) continue;  // would take it from the others
          const auto before = audit_bytes();
          const auto answer = asks->call(verb, arguments(verb, topology), patience);
          const auto row = h.name + " " + verb + " " + topology;
          const bool is_denied = !answer && answer.error().code == errc::denied;
          QVERIFY2(is_denied == is_expected, (row + ": " + (answer ? "allowed" : answer.error().message)).c_str());
          const auto about = rule.is_of_topology ? topology : std::string{};
          QVERIFY2(is_noted(before, h.name, verb, about) == is_denied, row.c_str());
          refused += is_denied ? 1 : 0;
        }
      }
      const auto list = asks->call("list", json::object(), patience);
      QCOMPARE(list->size(), std::size_t{h.is_limited() ? 1U : 2U});
    }
    qInfo("%zu requests refused, each in the audit log", refused);
    QVERIFY(refused > 300);
  }

  void everyVerbIsDocumentedAndNoOther() {
    std::set<std::string> there_are;
    for (const auto& rule : node::verb_rules()) there_are.insert(rule.verb);
    const auto documented = documented_verbs();
    for (const auto& verb : there_are)
      QVERIFY2(documented.contains(verb), (verb + " is in no table of docs/*.md").c_str());
    for (const auto& verb : documented)
      QVERIFY2(there_are.contains(verb), (verb + " is documented and no verb").c_str());
  }

  /// The number that keeps floods out of the log is what is counted otherwise: without it rows of the matrix are
  /// missing.
  void beyondItsNumberDenialsAreCountedOnly() {
    end();
    denials_noted_ = 3;
    begin();
    const auto eve = client("eve", "viewer");
    for (int i = 0; i < 10; ++i) QVERIFY(!eve->call("stop", {{"topology", "mine"}}, patience));
    const auto lines = audit();
    QCOMPARE(std::ranges::count_if(lines, [](const json& e) { return e["who"] == "eve"; }), std::ptrdiff_t{3});
  }

  /// Faults that reach beyond the topology they are asked for.
  void faultsOfTheWholeNodeNeedAKeyForAllOfIt() {
    for (const auto& h : holders()) {
      const auto asks = client(h.name, node::to_string(h.may), h.limits);
      for (const char* kind : {"process-kill", "disk-error", "memory"}) {
        const auto before = audit_bytes();
        const auto answer =
            asks->call("chaos_inject", {{"topology", "mine"}, {"kind", kind}, {"for_ms", -1}}, patience);
        QVERIFY(!answer);
        const bool is_denied = answer.error().code == errc::denied;
        QCOMPARE(is_denied, h.is_limited() || h.may == node::role::viewer);
        QCOMPARE(is_noted(before, h.name, "chaos_inject", "mine"), is_denied);
      }
    }
  }

  void nobodySubscribesToATopologyThatIsNotTheirs() {
    for (const auto& h : holders()) {
      const auto asks = client(h.name, node::to_string(h.may), h.limits);
      for (const std::string topology : {"mine", "theirs"}) {
        const auto before = audit_bytes();
        const auto answer = asks->subscribe("telemetry", 60s, patience, json{{"topology", topology}});
        const bool is_denied = !answer && answer.error().code == errc::denied;
        QCOMPARE(is_denied, h.is_limited() && topology == "theirs");
        QCOMPARE(answer.has_value(), !is_denied);
        QCOMPARE(is_noted(before, h.name, "subscribe", ""), is_denied);
      }
      // Nor hears of it among all.
      const auto all = asks->subscribe("telemetry", 20ms, patience);
      QVERIFY(all.has_value());
      const auto event = asks->newest_event(*all, patience);
      QVERIFY(event && (event->data.dump().find("theirs") == std::string::npos) == h.is_limited());
    }
  }

  void aKeyForTopicsSeesTheDataOfThoseAlone() {
    struct row {
      const char* what;
      std::string verb;
      json args;
      bool is_allowed;
    };
    const std::vector<row> rows{
        {"its channel", "tail_open", {{"channel", "route->totals"}}, true},
        {"partitions and ports of it", "tail_open", {{"channel", " route/0.out -> totals/0.in "}}, true},
        {"another channel", "tail_open", {{"channel", "ticks->route"}}, false},
        {"the other way round", "tail_open", {{"channel", "totals->route"}}, false},
        {"all into it", "tail_open", {{"channel", "*->totals"}}, false},
        {"all", "tail_open", {{"channel", "*->*"}}, false},
        {"a second arrow", "tail_open", {{"channel", "route->totals->gone"}}, false},
        {"its channel, with more in the name", "tail_open", {{"channel", "route->totals x"}}, false},
        {"no channel", "tail_open", {{"channel", 7}}, false},
        {"its actor's state", "state", {{"actor", "totals"}, {"what", "scan"}}, true},
        {"another's state", "state", {{"actor", "route"}, {"what", "scan"}}, false},
        {"state of a name that is a channel", "state", {{"actor", "route->totals"}, {"what", "scan"}}, false},
        {"its actor's letters", "deadletter_list", {{"actor", "totals"}}, true},
        {"another's letters", "deadletter_list", {{"actor", "ticks"}}, false},
        {"all letters", "deadletter_list", json::object(), false},
        {"letters by name", "deadletter_show", {{"ids", {"totals/0:0"}}, {"actor", "totals"}}, false},
        {"a breakpoint in its channel", "break_set", {{"channel", "route->totals"}}, false},
        {"texts of all actors", "logs", {{"actor", "totals"}}, false},
        {"figures", "status", json::object(), true},
        {"the same of another topology", "tail_open", {{"topology", "theirs"}, {"channel", "route->totals"}}, false}};
    const auto state = [&] { return (*local()->call("status", {{"topology", "mine"}}, patience)).value("state", ""); };
    QTRY_COMPARE_WITH_TIMEOUT(state(), std::string{"running"}, 20'000);
    const auto tom = client("tom", "operator", {{"topics", {"mine/totals", "mine/route->totals", "mine/gone"}}});
    // The control: a key for the whole topology may do all of it.
    const auto all = client("ann", "operator");
    json opened{{"topology", "mine"}};
    for (const auto& [what, verb, given, is_allowed] : rows) {
      auto args = given;
      if (!args.contains("topology")) args["topology"] = "mine";
      const auto answer = tom->call(verb, args, patience);
      QVERIFY2(answer.has_value() == is_allowed,
               (std::string{what} + ": " + (answer ? "allowed" : answer.error().message)).c_str());
      if (!is_allowed) QCOMPARE(answer.error().code, errc::denied);
      const auto control = all->call(verb, args, patience);
      QVERIFY2(control || control.error().code != errc::denied, what);
      if (is_allowed && verb == "tail_open") opened["tail"] = (*answer)["tail"];
    }
    // What it opened is its own to read.
    QVERIFY(tom->call("tail_read", opened, patience).has_value());
    QVERIFY(!client("eve", "operator", {{"topics", {"mine/totals"}}})->call("tail_read", opened, patience));
  }

  /// Else a topology of one's own, started from another's savepoint, would show what the topics leave out.
  void aSavepointIsForKeysOfItsWholeTopology() {
    const auto root = local();
    const auto snapshots = [&] {
      return (*root->call("status", {{"topology", "mine"}}, patience)).value("snapshots", 0);
    };
    QTRY_VERIFY_WITH_TIMEOUT(snapshots() > 0, 20'000);
    const auto kept = root->call("savepoint", {{"topology", "mine"}}, patience);
    QVERIFY2(kept, kept ? "" : kept.error().message.c_str());
    const auto has_savepoint = [&] {
      const auto all = root->call("savepoint_list", {{"topology", "mine"}}, patience);
      return all && !(*all)["savepoints"].empty();
    };
    const bool is_there = QTest::qWaitFor(has_savepoint, 20'000);
    QVERIFY2(is_there, root->call("savepoint_list", {{"topology", "mine"}}, patience)->dump().c_str());
    auto args = arguments("deploy", "scratch");
    args["from"] = "mine/latest";
    const auto before = audit_bytes();
    const auto tom = client("tim", "operator", {{"topologies", {"scratch"}}, {"topics", {"mine/totals"}}});
    const auto answer = tom->call("deploy", args, patience);
    QVERIFY(!answer && answer.error().code == errc::denied);
    QVERIFY2(answer.error().message.find("not for all of the topology 'mine'") != std::string::npos,
             answer.error().message.c_str());
    QVERIFY(is_noted(before, "tim", "deploy", "scratch"));
    const auto control =
        client("tam", "operator", {{"topologies", {"scratch", "mine"}}})->call("deploy", args, patience);
    QVERIFY2(control, control ? "" : control.error().message.c_str());
    QVERIFY(root->call("remove", {{"topology", "scratch"}}, patience));
  }

  /// That a rule fires is for all who may look, the value that an actor keeps is not.
  void viewersSeeThatARuleAboutStateFiresAndNotTheValue() {
    const auto alerts_for = [this](const holder& h) {
      const auto asks = client(h.name, node::to_string(h.may), h.limits);
      std::map<std::string, json> out;
      const auto answer = asks->call("alerts", {{"topology", "mine"}}, patience);
      for (const auto& a : answer ? (*answer)["alerts"] : json::array()) out[a["rule"]] = a;
      return out;
    };
    const auto root = local();
    const auto firing = [&] { return (*root->call("alerts", {{"topology", "mine"}}, patience))["alerts"].size(); };
    QTRY_COMPARE_WITH_TIMEOUT(firing(), std::size_t{2}, 60'000);
    for (const auto& h : holders()) {
      auto seen = alerts_for(h);
      const bool may_see = h.may != node::role::viewer && !h.has_topics();
      QCOMPARE(seen["kept"]["measure"].get<std::string>(), std::string{"sum totals.aggregate.count"});
      QCOMPARE(seen["kept"]["value"].is_number(), may_see);
      QCOMPARE(seen["kept"]["worst"].is_number(), may_see);
      QVERIFY(seen["kept"].dump().find("limit") != std::string::npos);
      QVERIFY(seen["old"]["value"].is_number() && seen["old"]["fires"] == "below");
    }
  }

  void topicsStayWithKeysAndInvitations() {
    const json limits{{"topics", {"mine/totals"}}};
    const auto made = key("tom", "operator", limits);
    json offer{{"name", "tim"}, {"role", "operator"}, {"lifetime_s", 600}};
    offer.update(limits);
    const auto invited = local()->call("key_invite", offer, patience);
    QVERIFY2(invited, invited ? "" : invited.error().message.c_str());
    end();
    begin();
    const auto token = transport::join_token_of((*invited)["token"].get<std::string>());
    const auto once = transport::curve_keys_of(token->secret_key);
    transport::remote_keys own{node_->public_key(), *transport::make_curve_keys()};
    const auto guest = connect({node_->public_key(), *once});
    QVERIFY(guest && (*guest)->call("key_accept", {{"public_key", own.own.public_key}}, patience));
    // What the key is for stands in the answer alone.
    const auto noted = audit().back();
    QVERIFY2(noted["verb"] == "key_accept" && noted["detail"] == "name tim, role operator, topics mine/totals",
             noted.dump().c_str());
    for (const auto& keys : {made, own}) {
      const auto asks = *connect(keys);
      QCOMPARE(asks->call("stop", {{"topology", "mine"}}, patience).error().code, errc::denied);
      QCOMPARE(asks->call("status", {{"topology", "theirs"}}, patience).error().code, errc::denied);
      const auto state = asks->call("state", {{"topology", "mine"}, {"actor", "totals"}, {"what", "size"}}, patience);
      QVERIFY(state || state.error().code != errc::denied);
    }
    const auto known = local()->call("key_list", json::object(), patience);
    QVERIFY(known && known->size() == 2);
    for (const auto& k : *known) QVERIFY(k["topics"] == json::array({"mine/totals"}));
  }

  void topicsThatAreNoneAreRefused() {
    const auto root = local();
    for (const json& topic : {json("mine"), json("mine/"), json("/totals"), json("mine/*"), json("mine/*->totals"),
                              json("mine/route/0->totals"), json("../x/totals"), json("mine/a b"), json(7)}) {
      const json args{{"name", "bad"},
                      {"role", "operator"},
                      {"topics", json::array({topic})},
                      {"public_key", transport::make_curve_keys()->public_key}};
      QVERIFY2(!root->call("key_create", args, patience), topic.dump().c_str());
      QVERIFY2(!root->call("key_invite", args, patience), topic.dump().c_str());
    }
  }
};

QTEST_GUILESS_MAIN(permissions_test)
#include "permissions_test.moc"
