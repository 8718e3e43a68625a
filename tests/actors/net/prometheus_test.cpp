// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <QtTest>

#include "http_probe.hpp"
#include "library/sinks/prometheus_sink.hpp"

using namespace millrace;
using namespace millrace::testing;
using millrace::tests::http_probe;

class prometheus_test : public QObject {
  Q_OBJECT

  static text_rig::setting setting(std::map<std::string, param_value> more = {}) {
    std::map<std::string, param_value> params{{"listen", std::string{"127.0.0.1:0"}},
                                              {"metric", std::string{"temperature"}},
                                              {"value", std::string{"value"}},
                                              {"labels", std::string{"host,disk"}}};
    for (const auto& [name, v] : more) params[name] = v;
    return {
        .id = "millrace.prometheus_sink", .params = params, .input_fields = "host:string,disk:string?,value:float64"};
  }

private slots:
  void showsTheNewestNumberOfEachCombination() {
    text_rig rig{setting({{"text", std::string{"How warm\nit is."}}})};
    auto& sink = rig.as<library::prometheus_sink>();
    sink.open(rig.ctx());
    rig.feed({"a,x,1", "b,,-2.5", "a,x,3", "\"q\"\"\\\",y,nan", "z,y,inf"});
    http_probe client{sink.address()};
    client.get("/metrics");
    const auto page = client.read();
    QCOMPARE(page.status, 200);
    QVERIFY(page.head.find("Content-Type: text/plain; version=0.0.4; charset=utf-8") != std::string::npos);
    QCOMPARE(page.body, std::string{"# HELP temperature How warm\\nit is.\n"
                                    "# TYPE temperature gauge\n"
                                    "temperature{host=\"a\",disk=\"x\"} 3\n"
                                    "temperature{host=\"b\",disk=\"\"} -2.5\n"
                                    "temperature{host=\"q\\\"\\\\\",disk=\"y\"} NaN\n"
                                    "temperature{host=\"z\",disk=\"y\"} +Inf\n"
                                    "# TYPE millrace_left_out_total counter\n"
                                    "millrace_left_out_total{metric=\"temperature\"} 0\n"});
    client.get("/");
    QCOMPARE(client.read().status, 404);
    sink.close(rig.ctx());
    QVERIFY(!http_probe{sink.address()}.is_connected());
  }

  void seriesAreBounded() {
    text_rig rig{setting({{"series", std::int64_t{2}}})};
    auto& sink = rig.as<library::prometheus_sink>();
    sink.open(rig.ctx());
    rig.feed({"a,x,1", "b,x,2", "c,x,3", "a,x,4"});
    http_probe client{sink.address()};
    client.get("/metrics");
    const auto body = client.read().body;
    QVERIFY(body.find("host=\"a\",disk=\"x\"} 4\n") != std::string::npos);
    QVERIFY(body.find("host=\"c\"") == std::string::npos);
    QVERIFY(body.find("millrace_left_out_total{metric=\"temperature\"} 1\n") != std::string::npos);
  }

  void aPortThatIsTakenIsSaid() {
    text_rig first{setting()};
    auto& sink = first.as<library::prometheus_sink>();
    sink.open(first.ctx());
    text_rig second{setting({{"listen", sink.address()}})};
    try {
      second.as<>().open(second.ctx());
      QFAIL("it listens where another one does");
    } catch (const std::runtime_error& e) {
      QVERIFY2(std::string{e.what()}.find("choose another port") != std::string::npos, e.what());
    }
  }

  void wrongParametersAreRefused() {
    const auto says = [&](const char* name, const char* text) {
      return QString::fromStdString(text_rig{setting({{name, std::string{text}}})}.problem());
    };
    QVERIFY(says("metric", "9x").contains("parameter 'metric': '9x' is no name of a metric"));
    QVERIFY(says("value", "host").contains("host"));
    QVERIFY(says("labels", "nobody").contains("nobody"));
    QVERIFY(says("listen", "here").contains("parameter 'listen'"));
  }
};

QTEST_GUILESS_MAIN(prometheus_test)
#include "prometheus_test.moc"
