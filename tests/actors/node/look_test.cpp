// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "node/looking/look_desk.hpp"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <memory>
#include <mutex>
#include <set>

using namespace millrace;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr int patience_ms = 30'000;
constexpr int lines = 3000;

/// Lines of a file, by key to two partitions that pass them on, to files.
class looked_at {
public:
  explicit looked_at(double rate, std::chrono::milliseconds snapshot_timeout = 60s) {
    QFile file{folder_.filePath("lines.csv")};
    if (!file.open(QIODevice::WriteOnly)) qFatal("no file");
    for (int i = 0; i < lines; ++i) {
      file.write(QString{"a-%1,%2,ada%2@example.org,2026-11-21T00:%3:%4Z\n"}
                     .arg(i % 17)
                     .arg(i)
                     .arg(i / 60 % 60, 2, 10, QChar{'0'})
                     .arg(i % 60, 2, 10, QChar{'0'})
                     .toUtf8());
    }
    file.close();
    topology t;
    t.name = "looked";
    t.base_folder = folder_.path().toStdString();
    t.settings.snapshot_interval = 30ms;
    t.settings.snapshot_timeout = snapshot_timeout;
    t.add("lines", "millrace.file_source",
          {{"path", std::string{"lines.csv"}},
           {"header", false},
           {"fields", std::string{"account:string,number:int64,email:string!personal,at:event_time"}},
           {"rate", rate}});
    t.add("route", "millrace.by_key");
    t.add("keep", "millrace.deduplicate", {{"key", std::string{"number"}}, {"ttl", std::string{"0s"}}}, 2);
    t.add("file", "millrace.file_sink", {{"path", std::string{"out"}}}, 2);
    t.connect("lines", "route").connect("route", "keep").connect("keep", "file");
    const auto checked = validate(t);
    if (!checked.ok()) qFatal("%s", to_string(checked.problems.front()).c_str());
    runtime::run_options options;
    options.data_dir = folder_.filePath("data").toStdString();
    options.log = [this](log_level, const std::string& text) {
      const std::lock_guard lock{mutex_};
      log_ += text + "\n";
    };
    auto started = runtime::topology_run::start(checked.plan, std::move(options));
    if (!started) qFatal("%s", started.error().message.c_str());
    run_ = *std::move(started);
    desk_ = std::make_unique<node::look_desk>(*run_);
  }
  ~looked_at() {
    desk_.reset();
    run_->stop();
    (void)run_->wait(30s);
  }
  looked_at(const looked_at&) = delete;
  looked_at& operator=(const looked_at&) = delete;

  json ask(const std::string& verb, const json& args = json::object()) {
    auto answer = desk_->answer("ada", verb, args);
    if (!answer) qFatal("%s: %s", verb.c_str(), answer.error().message.c_str());
    return *std::move(answer);
  }
  errc refused(const std::string& who, const std::string& verb, const json& args) {
    const auto answer = desk_->answer(who, verb, args);
    return answer ? errc{} : answer.error().code;
  }
  [[nodiscard]] bool stands() { return !ask("break_list")["stopped"].empty(); }
  [[nodiscard]] bool has_said(const char* text) {
    const std::lock_guard lock{mutex_};
    return log_.find(text) != std::string::npos;
  }
  [[nodiscard]] runtime::topology_run& run() { return *run_; }
  /// The numbers that were committed, each as often as it was.
  [[nodiscard]] std::multiset<int> output() const {
    std::multiset<int> out;
    const QDir dir{folder_.filePath("out")};
    for (const auto& name : dir.entryList(QDir::Files)) {
      QFile file{dir.filePath(name)};
      if (!file.open(QIODevice::ReadOnly)) continue;
      for (const auto& line : file.readAll().split('\n')) {
        const auto fields = line.split(',');
        if (fields.size() == 4 && fields[0].startsWith("a-")) out.insert(fields[1].toInt());
      }
    }
    return out;
  }
  [[nodiscard]] bool is_complete() {
    const auto outcome = run_->wait(0ms);
    if (!outcome || outcome->how != runtime::run_outcome::kind::finished) return false;
    const auto all = output();
    return all.size() == lines && std::set<int>(all.begin(), all.end()).size() == lines;
  }

private:
  QTemporaryDir folder_;
  std::mutex mutex_;
  std::string log_;
  std::unique_ptr<runtime::topology_run> run_;
  std::unique_ptr<node::look_desk> desk_;
};

}  // namespace

/// Looking into the channels of a real run, as clients of the control socket do.
class look_test : public QObject {
  Q_OBJECT

  static std::vector<json> samples(looked_at& t, const json& tail, std::size_t least) {
    std::vector<json> out;
    const auto read = [&] {
      const auto answer = t.ask("tail_read", {{"tail", tail["tail"]}});
      for (const auto& s : answer["samples"]) out.push_back(s);
      return out.size() >= least;
    };
    if (!QTest::qWaitFor(read, patience_ms)) qFatal("only %zu samples came", out.size());
    return out;
  }

private slots:
  void initTestCase() { link_library(); }

  void showsRecordsWithoutWhatIsPersonal() {
    looked_at t{500};
    const auto tail = t.ask("tail_open", {{"channel", "route->keep"}, {"rate", 200}});
    QCOMPARE(tail["channels"].size(), std::size_t{2});
    QVERIFY(tail["fields"] == json({"account", "number", "email", "at"}));
    for (const auto& s : samples(t, tail, 20)) {
      const auto& r = s["record"];
      QVERIFY(r["email"] == "***");
      QVERIFY(s["key"] == r["number"]);
      QVERIFY(s["channel"].get<std::string>().starts_with("route/0.out -> keep/"));
      QCOMPARE(s["to"].get<std::string>(), "keep/" + std::to_string(s["partition"].get<int>()));
      const auto second = r["number"].get<int>() % 60;
      const auto when = s["event_time"].get<std::string>();
      QVERIFY2(when.find((second < 10 ? ":0" : ":") + std::to_string(second)) != std::string::npos, when.c_str());
    }
    t.ask("tail_close", {{"tail", tail["tail"]}});
    QCOMPARE(t.refused("ada", "tail_read", {{"tail", tail["tail"]}}), errc::not_found);
  }

  void showsWhatFitsAndCountsTheRest() {
    looked_at t{0};
    const auto tail = t.ask("tail_open", {{"channel", "lines->route"}, {"filter", "number % 7 == 3"}, {"rate", 5}});
    std::uint64_t passed = 0, examined = 0, matched = 0, shown = 0;
    const auto read = [&] {
      const auto a = t.ask("tail_read", {{"tail", tail["tail"]}});
      passed += a["passed"].get<std::uint64_t>();
      examined += a["examined"].get<std::uint64_t>();
      matched += a["matched"].get<std::uint64_t>();
      shown += a["shown"].get<std::uint64_t>();
      for (const auto& s : a["samples"]) {
        if (s["record"]["number"].get<int>() % 7 != 3) qFatal("%s does not fit", s.dump().c_str());
      }
      return t.is_complete();
    };
    QVERIFY(QTest::qWaitFor(read, patience_ms));
    QVERIFY(passed <= lines && examined <= passed && matched <= examined && shown <= matched);
  }

  void refusesWhatItShould() {
    looked_at t{300};
    const auto refused = [&](const json& choice) { return t.refused("ada", "tail_open", choice); };
    QCOMPARE(refused({{"channel", "lines->keep"}}), errc::not_found);
    QCOMPARE(refused({{"channel", 7}}), errc::invalid_argument);
    QCOMPARE(refused({{"channel", "lines->route"}, {"rate", 201}}), errc::invalid_argument);
    QCOMPARE(refused({{"channel", "lines->route"}, {"filter", "nmber > 1"}}), errc::parse_error);
    QCOMPARE(refused({{"channel", "lines->route"}, {"filter", "email == 'ada@example.org'"}}), errc::denied);
    QCOMPARE(t.refused("ada", "break_set", {{"channel", "lines->route"}, {"when", "email == 'x'"}}), errc::denied);
    QCOMPARE(t.refused("ada", "break_set", {{"channel", "lines->route"}, {"lease_ms", -1}}), errc::invalid_argument);
    QCOMPARE(t.refused("ada", "break_step", {{"task", "keep/7"}}), errc::not_found);
    const auto tail = t.ask("tail_open", {{"channel", "lines->route"}});
    QCOMPARE(t.refused("eve", "tail_read", {{"tail", tail["tail"]}}), errc::not_found);
    QCOMPARE(t.refused("eve", "tail_close", {{"tail", tail["tail"]}}), errc::not_found);
  }

  void standsStepsAndGoesOn() {
    looked_at t{0};
    const auto id = t.ask("break_set", {{"channel", "route->keep"}, {"when", "number == 700"}})["id"];
    QTRY_VERIFY_WITH_TIMEOUT(t.stands(), patience_ms);
    auto stop = t.ask("break_list")["stopped"][0];
    QVERIFY(stop["record"]["number"] == 700);
    QVERIFY(stop["record"]["email"] == "***");
    const auto task = stop["task"].get<std::string>();
    const auto tasks = t.run().status().tasks;
    const auto standing = std::ranges::find(tasks, task, &runtime::task_status::name);
    QVERIFY(standing->stopped_at.find("breakpoint 1") != std::string::npos);
    for (int i = 0; i < 3; ++i) {
      const auto before = stop["sequence"].get<std::uint64_t>();
      t.ask("break_step", {{"task", task}});
      QTRY_VERIFY_WITH_TIMEOUT(t.stands(), patience_ms);
      stop = t.ask("break_list")["stopped"][0];
      QCOMPARE(stop["sequence"].get<std::uint64_t>(), before + 1);
      QVERIFY(stop["by_step"].get<bool>());
    }
    t.ask("break_continue");
    QTRY_VERIFY_WITH_TIMEOUT(t.is_complete(), patience_ms);
    QVERIFY(t.ask("break_list")["breakpoints"][0]["id"] == id);
  }

  void aSnapshotThatCannotGetPastIsNoFailure() {
    looked_at t{300, 4s};
    const auto fault = t.run().faults().inject(
        {.kind = chaos::fault_kind::barrier_delay, .target = "keep->file", .parameters = {{"delay_ms", 20'000}}});
    QVERIFY2(fault.has_value(), fault ? "" : fault.error().message.c_str());
    QTRY_VERIFY_WITH_TIMEOUT(t.run().status().snapshot_open_for.count() != 0, patience_ms);
    t.ask("break_set", {{"channel", "route->keep"}});
    QTRY_VERIFY_WITH_TIMEOUT(t.has_said("is given up: a task stands at a breakpoint"), patience_ms);
    QCOMPARE(t.run().status().snapshot_failures, std::uint64_t{0});
    QVERIFY(t.run().faults().clear(0).has_value());
    const auto before = t.run().status().snapshots;
    t.ask("break_clear");
    QTRY_VERIFY_WITH_TIMEOUT(t.run().status().snapshots > before, patience_ms);
  }

  void goesOnWhenItsHolderIsGone() {
    looked_at t{0};
    t.ask("break_set", {{"channel", "route->keep"}, {"when", "number % 1000 == 500"}, {"lease_ms", 1500}});
    QTRY_VERIFY_WITH_TIMEOUT(t.has_said("stands before event"), patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(t.is_complete(), patience_ms);
    QVERIFY(t.has_said("its lease was not renewed"));
  }

  void stoppingTheRunLetsItGoOn() {
    looked_at t{0};
    t.ask("break_set", {{"channel", "keep->file"}});
    QTRY_VERIFY_WITH_TIMEOUT(t.stands(), patience_ms);
    t.run().stop();
    const auto outcome = t.run().wait(30s);
    QVERIFY(outcome && outcome->how == runtime::run_outcome::kind::stopped);
  }
};

QTEST_GUILESS_MAIN(look_test)
#include "look_test.moc"
