#include <QDateTime>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>
#include <nlohmann/json.hpp>

#include "http_probe.hpp"
#include "node/metrics/metrics_server.hpp"
#include "trial_run.hpp"

using namespace millrace;
using node::measured_process;
using node::measured_topology;
using node::metrics_server;
using node::metrics_text;
using node::process_probe;
using trial::watched_run;

namespace {

constexpr int limit_ms = 60'000;

/// What `promtool check metrics` says of a page; empty: nothing is wrong with it.
QByteArray objections_to(const std::string& page) {
  QProcess tool;
  tool.setProcessChannelMode(QProcess::MergedChannels);
  tool.start(MILLRACE_PROMTOOL, {"check", "metrics"});
  if (!tool.waitForStarted()) return "promtool does not start";
  tool.write(QByteArray::fromStdString(page));
  tool.closeWriteChannel();
  if (!tool.waitForFinished(limit_ms)) return "promtool does not end";
  const auto said = tool.readAll();
  return tool.exitCode() == 0 ? said : said + " (refused)";
}

/// A process of which everything is known.
measured_process known_process() {
  transport::link_statistics link;
  link.is_reached = true;
  link.round_trip = std::chrono::milliseconds{500};
  link.bytes_sent = 7'000;
  link.bytes_received = 8'000;
  link.messages_resent = 3;
  link.connections = 2;
  link.losses = 1;
  link.duplicates_dropped = 4;
  link.malformed_refused = 5;
  link.stale_refused = 6;
  link.unknown_channels = 9;
  return {.own = {.resident_bytes = 1'048'576,
                  .cpu_seconds = 12.5,
                  .open_fds = 20,
                  .fds_max = 1'024,
                  .started_at = 1'700'000'000,
                  .data_disk = node::disk_figures{.free_bytes = 100, .size_bytes = 400}},
          .links = {{"west", link}, {"an \"odd\" one", {}}},
          .refused = node::refusal_counts{.connections = 11, .requests = 12},
          .firing = node::firing_alerts{.warning = 2, .critical = 1}};
}

}  // namespace

/// The page that Prometheus reads, and what is said of health.
class metrics_test : public QObject {
  Q_OBJECT

  static measured_topology measured(watched_run& run) { return {"trial", true, true, false, "running", run.look()}; }
  /// Of a run that has handled something and taken a snapshot.
  static std::string page_of(watched_run& run) {
    const auto is_warm = [&] {
      const auto v = run.look();
      return run.task(v, "store/0").now.events_in > 0 && v.run.snapshots > 0;
    };
    return QTest::qWaitFor(is_warm, limit_ms) ? metrics_text({measured(run)}, known_process()) : std::string{};
  }
  static std::string address_of(const metrics_server& server) {
    const auto url = server.url();
    return url.substr(7, url.find('/', 7) - 7);
  }
  static tests::http_probe::answer ask(const metrics_server& server, const std::string& path) {
    tests::http_probe client{address_of(server)};
    client.get(path);
    return client.read();
  }

private slots:
  void theRealParserHasNoObjections() {
    watched_run run{{.rate = 5'000, .snapshot_interval = std::chrono::milliseconds{100}}};
    const auto page = page_of(run);
    QVERIFY(page.find("millrace_actor_events_in_total{topology=\"trial\",actor=\"store\"}") != std::string::npos);
    QVERIFY(page.find("millrace_task_events_in_total{topology=\"trial\",actor=\"work\",partition=\"3\"}") !=
            std::string::npos);
    QCOMPARE(objections_to(page), QByteArray{});
    QCOMPARE(objections_to(metrics_text({})), QByteArray{});
    QCOMPARE(objections_to(metrics_text({}, {.own = process_probe{"/"}.look()})), QByteArray{});
    // And would say so.
    QVERIFY(!objections_to(page + "# TYPE broken counter\nbroken{a=\"b} 1\n").isEmpty());
    QVERIFY(!objections_to("# HELP waits_ms Waits.\n# TYPE waits_ms counter\nwaits_ms 1\n").isEmpty());
  }

  void histogramsAddUp() {
    watched_run run{{.rate = 5'000, .snapshot_interval = std::chrono::milliseconds{100}}};
    const auto page = QString::fromStdString(page_of(run));
    const auto value = [&](const char* pattern) {
      return QRegularExpression{pattern}.match(page).captured(1).toDouble();
    };
    const auto all = value("millrace_event_latency_seconds_count\\{topology=.trial.,actor=.store.\\} (\\S+)");
    QVERIFY(all > 0);
    QCOMPARE(value("millrace_event_latency_seconds_bucket\\{topology=.trial.,actor=.store.,le=.\\+Inf.\\} (\\S+)"),
             all);
    QVERIFY(value("millrace_event_latency_seconds_bucket\\{topology=.trial.,actor=.store.,le=.60.\\} (\\S+)") <= all);
  }

  void showsTheProcessAndItsLinks() {
    const auto page = metrics_text({}, known_process());
    for (const char* line : {"process_resident_memory_bytes 1048576",
                             "process_cpu_seconds_total 12.5",
                             "process_open_fds 20",
                             "process_max_fds 1024",
                             "process_start_time_seconds 1700000000",
                             "millrace_data_disk_free_bytes 100",
                             "millrace_data_disk_size_bytes 400",
                             "millrace_control_connections_refused_total 11",
                             "millrace_control_requests_denied_total 12",
                             "millrace_alerts_firing{severity=\"info\"} 0",
                             "millrace_alerts_firing{severity=\"critical\"} 1",
                             "millrace_link_reached{peer=\"west\"} 1",
                             "millrace_link_round_trip_seconds{peer=\"west\"} 0.5",
                             "millrace_link_sent_bytes_total{peer=\"west\"} 7000",
                             "millrace_link_received_bytes_total{peer=\"west\"} 8000",
                             "millrace_link_messages_resent_total{peer=\"west\"} 3",
                             "millrace_link_connections_total{peer=\"west\"} 2",
                             "millrace_link_losses_total{peer=\"west\"} 1",
                             "millrace_link_duplicates_dropped_total{peer=\"west\"} 4",
                             "millrace_link_refused_total{peer=\"west\",reason=\"malformed\"} 5",
                             "millrace_link_refused_total{peer=\"west\",reason=\"stale\"} 6",
                             "millrace_link_refused_total{peer=\"west\",reason=\"unknown_channel\"} 9"}) {
      QVERIFY2(page.find(std::string{"\n"} + line + "\n") != std::string::npos, line);
    }
  }

  void whatIsNotKnownOfTheProcessIsLeftOut() {
    const auto page = metrics_text({}, {});
    for (const char* name : {"process_", "millrace_link_", "millrace_data_", "millrace_control_", "_firing"}) {
      QVERIFY2(page.find(name) == std::string::npos, name);
    }
  }

  void theSystemTellsOfThisProcess() {
    const process_probe probe{"/"};
    const auto before = probe.look();
    QVERIFY(before.resident_bytes && *before.resident_bytes > 1'000'000);
    QVERIFY(before.cpu_seconds && *before.cpu_seconds > 0);
    QVERIFY(before.open_fds && *before.open_fds > 0);
    QVERIFY(before.data_disk && before.data_disk->size_bytes >= before.data_disk->free_bytes);
    const auto now = static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000;
    QVERIFY(before.started_at && *before.started_at <= now + 1 && *before.started_at > now - 3600);
    QFile file{"/proc/self/stat"};
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(*probe.look().open_fds, *before.open_fds + 1);
    QCOMPARE(*probe.look().started_at, *before.started_at);
  }

  void aSystemThatTellsNothingDoesNoHarm() {
    const QTemporaryDir folder;
    const auto look = [&] {
      return process_probe{folder.filePath("none").toStdString(), folder.path().toStdString()}.look();
    };
    const auto wrote = [&](const char* name, const QByteArray& text) {
      QFile file{folder.filePath(name)};
      return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) == text.size();
    };
    const auto is_unknown = [&] {
      const auto f = look();
      return !f.resident_bytes && !f.open_fds && !f.started_at && !f.data_disk;
    };
    QVERIFY(is_unknown());
    for (const QByteArray& text : {QByteArray{}, QByteArray{"12"}, QByteArray{"12 x 3"}, QByteArray{"1 (a) S 2"},
                                   QByteArray(100'000, '9'), QByteArray(5'000, ' ')}) {
      QVERIFY(wrote("statm", text) && wrote("stat", text));
      QVERIFY2(is_unknown(), text.left(20).constData());
    }
    // A program may be called anything.
    QVERIFY(wrote("stat", "7 (a) b) 1 (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 100 20\n"));
    QVERIFY(look().started_at.has_value());
    QVERIFY(wrote("statm", "900 2 1 0 0 0 0\n"));
    QVERIFY(look().resident_bytes && *look().resident_bytes % 2'048 == 0);
  }

  void thePageHasALimit() {
    measured_topology large{"large", true, true, false, "running", {}};
    for (std::size_t i = 0; i < node::metrics_actors_max + 3; ++i) {
      node::task_view t;
      t.now.actor = "actor-" + std::to_string(i);
      large.view.tasks.push_back(t);
    }
    const auto page = metrics_text({large});
    QVERIFY(page.find("millrace_metrics_actors_left_out 3") != std::string::npos);
    QVERIFY(page.find("actor-511\"") != std::string::npos);
    QVERIFY(page.find("actor-512\"") == std::string::npos);
    QVERIFY(page.find("millrace_metrics_tasks_left_out{topology=\"large\"} 259\n") != std::string::npos);
    QVERIFY(page.find("actor=\"actor-255\",partition=") != std::string::npos);
    QVERIFY(page.find("actor=\"actor-256\",partition=") == std::string::npos);
  }

  void aHotPartitionIsSeen() {
    measured_topology uneven{"uneven", true, true, false, "running", {}};
    for (std::uint32_t i = 0; i < 2; ++i) {
      node::task_view t;
      t.now.actor = "count";
      t.now.partition = i;
      t.now.events_in = i == 0 ? 10 : 990;
      t.now.busy_ns = i == 0 ? 0 : 2'500'000'000;
      t.now.backlog = i == 0 ? 0 : 7;
      uneven.view.tasks.push_back(t);
    }
    const auto channel_to = [](std::uint32_t target, std::uint64_t sent, std::uint64_t done, double fill) {
      node::channel_view c;
      c.now.target = task_id{target};
      c.now.sent = sent;
      c.now.done = done;
      c.fill = fill;
      return c;
    };
    // The last one was read while its events were on their way: that is none that waits.
    uneven.view.channels = {channel_to(1, 100, 90, 0.25), channel_to(1, 50, 45, 0.75), channel_to(0, 3, 4, 0)};
    const auto page = metrics_text({uneven});
    const auto has = [&](const std::string& name, const char* partition, const char* value) {
      const auto line =
          "\n" + name + "{topology=\"uneven\",actor=\"count\",partition=\"" + partition + "\"} " + value + "\n";
      return page.find(line) != std::string::npos;
    };
    QVERIFY(has("millrace_task_events_in_total", "0", "10") && has("millrace_task_events_in_total", "1", "990"));
    QVERIFY(has("millrace_task_busy_seconds_total", "0", "0") && has("millrace_task_busy_seconds_total", "1", "2.5"));
    QVERIFY(has("millrace_task_input_fill_ratio", "0", "0") && has("millrace_task_input_fill_ratio", "1", "0.75"));
    QVERIFY(has("millrace_task_waiting_events", "0", "0") && has("millrace_task_waiting_events", "1", "15"));
    QVERIFY(has("millrace_task_backlog_events", "0", "0") && has("millrace_task_backlog_events", "1", "7"));
    QVERIFY(page.find("\nmillrace_metrics_tasks_left_out{topology=\"uneven\"} 0\n") != std::string::npos);
  }

  void theDashboardNamesOnlyWhatThereIs() {
    watched_run run{{.rate = 5'000, .snapshot_interval = std::chrono::milliseconds{100}}};
    const auto page = page_of(run);
    QFile file{MILLRACE_DASHBOARD};
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto dashboard = nlohmann::json::parse(file.readAll().toStdString());
    const QRegularExpression metric{"(millrace|process)_[a-z_]+"};
    int named = 0;
    const auto check = [&](const std::string& text) {
      auto found = metric.globalMatch(QString::fromStdString(text));
      while (found.hasNext()) {
        const auto name = found.next().captured().toStdString();
        const bool is_there =
            page.find("\n" + name + "{") != std::string::npos || page.find("\n" + name + " ") != std::string::npos;
        QVERIFY2(is_there, name.c_str());
        ++named;
      }
    };
    for (const auto& panel : dashboard["panels"]) {
      for (const auto& target : panel.value("targets", nlohmann::json::array())) check(target["expr"]);
    }
    for (const auto& variable : dashboard["templating"]["list"]) check(variable["query"]);
    QVERIFY(named > 20);
  }

  void saysWhetherItIsWellAndReady() {
    measured_topology seen{"orders", true, false, false, "restoring", {}};
    auto server = metrics_server::start("127.0.0.1:0", [&] { return std::vector{seen}; });
    QVERIFY(server);
    QVERIFY(!(*server)->is_open_to_others());
    QCOMPARE(ask(**server, "/health").status, 200);
    const auto waiting = ask(**server, "/ready");
    QCOMPARE(waiting.status, 503);
    QVERIFY2(waiting.body.find("\"orders\":\"restoring\"") != std::string::npos, waiting.body.c_str());
    seen.state = "running";
    seen.is_running = true;
    QCOMPARE(ask(**server, "/ready").status, 200);
    // What is not to run keeps nobody waiting.
    seen = {"orders", false, false, false, "stopped", {}};
    QCOMPARE(ask(**server, "/ready").status, 200);
    const auto page = ask(**server, "/metrics");
    QCOMPARE(page.status, 200);
    QVERIFY(page.head.find("text/plain; version=0.0.4") != std::string::npos);
    QVERIFY(page.body.find("millrace_topology_wanted{topology=\"orders\"} 0") != std::string::npos);
    QCOMPARE(ask(**server, "/").status, 404);
    tests::http_probe client{address_of(**server)};
    client.post("x", "", "/metrics");
    QCOMPARE(client.read().status, 405);
  }

  void refusesWhatIsNoAddressAndWhatIsTaken() {
    QVERIFY(!metrics_server::start("nowhere", [] { return std::vector<measured_topology>{}; }));
    const auto first = metrics_server::start("127.0.0.1:0", [] { return std::vector<measured_topology>{}; });
    QVERIFY(first);
    const auto second = metrics_server::start(address_of(**first), [] { return std::vector<measured_topology>{}; });
    QVERIFY(!second);
    QCOMPARE(second.error().code, errc::in_use);
  }
};

QTEST_GUILESS_MAIN(metrics_test)
#include "metrics_test.moc"
