// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/topology.hpp"
#include "wiring_actors.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

const std::string counting_file = R"({
  "millrace": 1,
  "name": "counting",
  "settings": {"key_groups": 1024, "snapshot_interval": "1s", "snapshot_timeout": "1m", "guarantee": "exactly_once"},
  "actors": [
    {"name": "trades", "type": "test.trades"},
    {"name": "route", "type": "test.by_key"},
    {"name": "count", "type": "test.count", "parallelism": 4},
    {"name": "file", "type": "test.file_sink"}
  ],
  "streams": [
    "trades.out -> route.in",
    "route.out -> count.in",
    "count.out -> file.in"
  ]
}
)";

std::string with(std::string text, const std::string& old, const std::string& by) {
  const auto at = text.find(old);
  if (at == std::string::npos) qFatal("no %s", old.c_str());
  return text.replace(at, old.size(), by);
}

topology parsed(const std::string& text) {
  auto t = parse_topology(text, "t.mill");
  if (!t) qFatal("%s", t.error().message.c_str());
  return std::move(t).value();
}

std::string message_of(const std::string& text) {
  const auto t = parse_topology(text, "t.mill");
  return t ? "no error" : t.error().message;
}

topology everything() {
  topology t;
  t.name = "all-of_it";
  t.settings.key_groups = 7;
  t.settings.snapshot_interval = 0ms;
  t.settings.snapshot_timeout = 1'500ms;
  t.settings.promise = guarantee::at_least_once;
  auto& a = t.add("a", "test.trades",
                  {{"b", true},
                   {"i", std::int64_t{-5}},
                   {"d", 1.0},
                   {"tiny", 0.1},
                   {"big", 1e300},
                   {"zero", -0.0},
                   {"s", "quote \" back \\ line \n tab \t \x01 \xC3\xA4"}});
  a.on_failure = {.action = failure_action::retry,
                  .max_attempts = 9,
                  .after_retries = failure_action::stop,
                  .max_restarts = 8,
                  .period = 1h,
                  .backoff = 1ms,
                  .backoff_max = 5min,
                  .jitter_percent = 7,
                  .scope = restart_scope::rest_for_one,
                  .beyond = failure_action::escalate,
                  .hang_after = 2s,
                  .on_hang = hang_action::restart};
  a.state = {state_place::disk, std::uint64_t{3} << 20};
  t.add("b", "test.log_sink", {}, 12).on_failure.action = failure_action::resume;
  t.connect("a", "b").connect("a.dead", "b.in");
  t.groups.push_back({"both", {"a", "b"}});
  t.groups.back().restarts = {.max_restarts = 1, .period = 1s, .scope = restart_scope::all_for_one};
  return t;
}

}  // namespace

#define SAYS(text, part) QVERIFY2(message_of(text).find(part) != std::string::npos, message_of(text).c_str())

class topology_file_test : public QObject {
  Q_OBJECT
private slots:
  void readsWhereStateLives() {
    const auto in = [](const std::string& state) {
      return with(counting_file, "\"parallelism\": 4", "\"parallelism\": 4, \"state\": " + state);
    };
    const auto read = parsed(in(R"({"place": "disk", "memory": "1GiB"})")).find("count")->state;
    QCOMPARE(read.place, state_place::disk);
    QCOMPARE(read.memory_bytes, std::uint64_t{1} << 30);
    QCOMPARE(parsed(in(R"({"place": "disk", "memory": "70000B"})")).find("count")->state.memory_bytes,
             std::uint64_t{70'000});
    SAYS(in(R"({"place": "tape"})"), "/actors/2/state/place: expected \"memory\" or \"disk\", not 'tape'");
    SAYS(in(R"({"memory": "64MB"})"),
         "/actors/2/state/memory: expected a size such as \"64MiB\" or \"2GiB\", not '64MB'");
    SAYS(in(R"({"memory": 64})"), "expected a size such as");
    SAYS(in(R"({"memory": "99999999999999GiB"})"), "expected a size such as");
    SAYS(in(R"({"disk": true})"), "there is no member 'disk' here");
  }

  void readsGroups() {
    const auto in = [](const std::string& group) {
      return with(counting_file, "\n  ]\n}", "\n  ],\n  \"groups\": [{" + group + "}]\n}");
    };
    const auto one = parsed(in("\"name\": \"all\", \"actors\": [\"count\"], \"scope\": \"all_for_one\"")).groups.at(0);
    QCOMPARE(one.name, std::string{"all"});
    QCOMPARE(one.actors, std::vector<std::string>{"count"});
    QVERIFY(one.restarts.scope == restart_scope::all_for_one);
    SAYS(in("\"name\": \"all\""), "/groups/0: expected a member 'actors'");
    SAYS(in("\"name\": \"all\", \"actors\": [1]"), "/groups/0/actors/0: expected the name of an actor, not 1");
    SAYS(in("\"name\": \"all\", \"actors\": [], \"scope\": \"none\""),
         "/groups/0/scope: expected \"one_for_one\", \"rest_for_one\" or \"all_for_one\", not 'none'");
    SAYS(in("\"name\": \"all\", \"actors\": [], \"on_hang\": \"report\""), "there is no member 'on_hang' here");
  }

  void readsWhatCodeBuilds() { QVERIFY(parsed(counting_file) == wiring_test::counting()); }
  void writesOneActorOrStreamALine() { QCOMPARE(to_text(wiring_test::counting()), counting_file); }
  void roundTripIsExact() {
    QVERIFY(parsed(to_text(everything())) == everything());
    QCOMPARE(to_text(parsed(to_text(everything()))), to_text(everything()));
    topology empty;
    empty.name = "empty";
    QVERIFY(parsed(to_text(empty)) == empty);
  }

  void takesEveryFormOfAStream() {
    const auto t = parsed(with(counting_file, "\"trades.out -> route.in\"", R"({"from": "trades", "to": "route.in"})"));
    QVERIFY(t == wiring_test::counting());
    QVERIFY(parsed(with(counting_file, "trades.out -> route.in", "trades->route")) == wiring_test::counting());
  }

  void namesLineColumnAndPointer() {
    const auto text = with(counting_file, "\"parallelism\": 4", "\"parallelism\": -4");
    SAYS(text, "t.mill:8:60: /actors/2/parallelism: expected a whole number from 0 to 4294967295, not -4");
  }

  void namesThePlaceOfBrokenJson() {
    SAYS(with(counting_file, "\"name\": \"counting\",", "\"name\": \"counting\""), "t.mill:4:3: expected JSON: ");
    SAYS("", "t.mill:1:1: expected JSON");
    SAYS("{} {}", "t.mill:1:4: expected JSON");
    SAYS(counting_file.substr(0, counting_file.size() - 3), "expected JSON");
  }

  void suggestsTheMemberMeant() {
    SAYS(with(counting_file, "\"settings\"", "\"setings\""),
         "/setings: there is no member 'setings' here; did you mean 'settings'?");
    SAYS(with(counting_file, "\"type\": \"test.count\"", "\"typ\": \"test.count\""), "did you mean 'type'?");
    SAYS(with(counting_file, "\"type\": \"test.count\"", "\"typ\": \"test.count\""), "expected a member 'type'");
    SAYS(with(counting_file, "\"key_groups\": 1024", "\"colour\": 1024"), "expected 'key_groups', 'snapshot_interval'");
  }

  void reportsEveryMistakeInOnePass() {
    auto text = with(counting_file, "\"1s\"", "\"1 second\"");
    text = with(text, "\"name\": \"trades\"", "\"name\": \"tra des\"");
    text = with(text, "count.out -> file.in", "count.out, file.in");
    text = with(text, "\"exactly_once\"", "\"twice\"");
    const auto message = message_of(text);
    QCOMPARE(std::count(message.begin(), message.end(), '\n'), 3);
    SAYS(text, "t.mill:4:57: /settings/snapshot_interval: expected a duration");
    SAYS(text, "/settings/guarantee: expected \"exactly_once\"");
    SAYS(text, "/actors/0/name: expected a name: 1 to 64");
    SAYS(text, "/streams/2: expected a stream such as \"a.out -> b.in\", not 'count.out, file.in'");
  }

  void stopsListingMistakesSomewhere() {
    std::string actors;
    for (int i = 0; i < 500; ++i) actors += "{},";
    const auto text = with(counting_file, "{\"name\": \"trades\"", actors + "{\"name\": \"trades\"");
    SAYS(text, "and 950 more");
  }

  void refusesOtherVersions() {
    SAYS(with(counting_file, "\"millrace\": 1", "\"millrace\": 2"),
         "/millrace: expected 1, the version of this file format, not 2");
    SAYS(with(counting_file, "  \"millrace\": 1,\n", ""), "expected a member 'millrace'");
  }

  void refusesOddParameters() {
    const auto params = [](const std::string& p) {
      return with(counting_file, "\"type\": \"test.trades\"", "\"type\": \"test.trades\", \"params\": " + p);
    };
    SAYS(params("{\"a\": null}"), "/actors/0/params/a: expected text, a number, true or false, not null");
    SAYS(params("{\"a\": [1]}"), "not a list");
    SAYS(params("{\"a\": 18446744073709551615}"), "an integer beyond 64 bits");
    SAYS(params("{\"a\": 1e999}"), "expected JSON");
    SAYS(params("{\"a\": 1, \"a\": 2}"), "the name \"a\" is in this object already");
    SAYS(params("5"), "expected an object, not 5");
  }

  void refusesOddFailurePolicies() {
    const auto policy = [](const std::string& p) {
      return with(counting_file, "\"type\": \"test.trades\"", "\"type\": \"test.trades\", \"on_failure\": " + p);
    };
    SAYS(policy("{\"action\": \"explode\"}"), "/actors/0/on_failure/action: expected \"resume\"");
    SAYS(policy("{\"backof\": \"1s\"}"), "did you mean 'backoff'?");
    QCOMPARE(parsed(policy("{\"action\": \"stop\", \"period\": \"2m\"}")).actors[0].on_failure.period, 120'000ms);
  }

  void refusesBadTextAndDeepNesting() {
    SAYS(with(counting_file, "test.trades", "test.\xFFtrades"), "expected JSON");
    SAYS(std::string(40, '['), "t.mill:1:33: expected no more than 32 levels");
    SAYS(std::string(1'000'000, '['), "32 levels");
    SAYS("[" + std::string(3'000'000, ','), "expected JSON");
    std::string many = "[";
    for (int i = 0; i < 1'100'000; ++i) many += "1,";
    SAYS(many, "1,000,000 values");
    SAYS(std::string(17 * 1024 * 1024, ' '), "16 MiB");
  }

  void limitsTheNumberOfActors() {
    std::string actors;
    for (int i = 0; i < 10'000; ++i) actors += "{},";
    SAYS(with(counting_file, "{\"name\": \"trades\"", actors + "{\"name\": \"trades\""),
         "expected at most 10000 actors, not 10004");
  }

  void loadsAFileAndRemembersItsFolder() {
    QTemporaryDir folder;
    const auto path = (std::filesystem::path{folder.path().toStdString()} / "counting.mill").string();
    std::ofstream{path} << counting_file;
    const auto t = load_topology(path);
    QVERIFY(t.has_value());
    QVERIFY(*t == wiring_test::counting());
    QCOMPARE(t->base_folder, folder.path().toStdString());
  }

  void saysWhichFileCannotBeRead() {
    const auto missing = load_topology("/nowhere/at/all.mill");
    QVERIFY(!missing.has_value());
    QCOMPARE(missing.error().code, errc::not_found);
    QVERIFY(missing.error().message.starts_with("/nowhere/at/all.mill: "));
    QTemporaryDir folder;
    QCOMPARE(load_topology(folder.path().toStdString()).error().code, errc::io_error);
  }
};

QTEST_APPLESS_MAIN(topology_file_test)
#include "topology_file_test.moc"
