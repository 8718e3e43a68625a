#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QtTest>
#include <nlohmann/json.hpp>

#include "http_probe.hpp"
#include "node/metrics/metrics_server.hpp"
#include "trial_run.hpp"

using namespace millrace;
using node::measured_topology;
using node::metrics_server;
using node::metrics_text;
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
    return QTest::qWaitFor(is_warm, limit_ms) ? metrics_text({measured(run)}) : std::string{};
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
    QCOMPARE(objections_to(page), QByteArray{});
    QCOMPARE(objections_to(metrics_text({})), QByteArray{});
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
  }

  void theDashboardNamesOnlyWhatThereIs() {
    watched_run run{{.rate = 5'000, .snapshot_interval = std::chrono::milliseconds{100}}};
    const auto page = page_of(run);
    QFile file{MILLRACE_DASHBOARD};
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto dashboard = nlohmann::json::parse(file.readAll().toStdString());
    const QRegularExpression metric{"millrace_[a-z_]+"};
    int named = 0;
    const auto check = [&](const std::string& text) {
      auto found = metric.globalMatch(QString::fromStdString(text));
      while (found.hasNext()) {
        const auto name = found.next().captured().toStdString();
        QVERIFY2(page.find("\n" + name + "{") != std::string::npos, name.c_str());
        ++named;
      }
    };
    for (const auto& panel : dashboard["panels"]) {
      for (const auto& target : panel["targets"]) check(target["expr"]);
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
