// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>

#include "http_probe.hpp"
#include "library/sources/http_ingest.hpp"

using namespace millrace;
using namespace millrace::testing;
using millrace::tests::http_probe;
using lines = std::vector<std::string>;

namespace {

/// The actor with the test as its engine: what it emits is durable when the test says so.
class ingest_rig {
public:
  explicit ingest_rig(std::map<std::string, param_value> params = {}) : rig{setting_of(std::move(params))} {
    if (rig.problem().empty()) start();
  }
  ~ingest_rig() { rig.as<>().close(rig.ctx()); }

  [[nodiscard]] library::http_ingest& ingest() { return rig.as<library::http_ingest>(); }
  void start() { ingest().open(rig.ctx()); }
  [[nodiscard]] http_probe client() { return http_probe{ingest().address()}; }
  /// Polls until something was emitted; false: it was not, for a long time.
  [[nodiscard]] bool poll_some() {
    for (int i = 0; i < 500 * tests::patience; ++i) {
      if (ingest().poll(rig.ctx(), 1024).what == poll_result::next::more) return true;
    }
    return false;
  }
  void poll_once() { (void)ingest().poll(rig.ctx(), 1024); }
  void logged() { ingest().on_logged(rig.ctx()); }
  [[nodiscard]] byte_buffer position() {
    byte_buffer bytes;
    msgpack::writer out{bytes};
    ingest().save_position(out);
    return bytes;
  }

  text_rig rig;

private:
  static text_rig::setting setting_of(std::map<std::string, param_value> params) {
    params.try_emplace("listen", std::string{"127.0.0.1:0"});
    params.try_emplace("fields", std::string{"id:int64,name:string?"});
    return {.id = "millrace.http_ingest", .params = std::move(params)};
  }
};

}  // namespace

class http_ingest_test : public QObject {
  Q_OBJECT
private slots:
  void answersOnlyWhenTheEventsAreDurable() {
    ingest_rig r;
    auto client = r.client();
    client.post(R"([{"id": 1}, {"id": 2, "name": "b"}])");
    QVERIFY(r.poll_some());
    QCOMPARE(r.rig.output(), (lines{"1,", "2,b"}));
    QVERIFY(!client.has_answer_within(100));
    r.logged();
    const auto a = client.read();
    QCOMPARE(a.status, 200);
    QCOMPARE(a.body, std::string{"{\"stored\": 2, \"rejected\": 0}\n"});
  }

  void aConnectionIsKeptForTheNextRequest() {
    ingest_rig r;
    auto client = r.client();
    for (int i = 0; i < 3; ++i) {
      client.post(R"({"id": 1})");
      QVERIFY(r.poll_some());
      r.logged();
      QCOMPARE(client.read().status, 200);
    }
  }

  void aRequestSentAgainInFlightIsStoredOnce() {
    ingest_rig r;
    auto first = r.client();
    auto second = r.client();
    first.post(R"({"id": 1})", "Idempotency-Key: k\r\n");
    QVERIFY(r.poll_some());
    second.post(R"({"id": 1})", "Idempotency-Key: k\r\n");
    QVERIFY(!second.has_answer_within(100));
    r.logged();
    QCOMPARE(first.read().status, 200);
    QCOMPARE(second.read().body, std::string{"{\"stored\": 1, \"rejected\": 0}\n"});
    QCOMPARE(r.rig.output().size(), std::size_t{1});
  }

  void aKeyIsKnownToTheNextIncarnation() {
    ingest_rig old;
    auto client = old.client();
    client.post(R"([{"id": 1}, {"id": 2}])", "Idempotency-Key: k\r\n");
    QVERIFY(old.poll_some());
    const auto position = old.position();  // the log has it, the client never hears of it

    ingest_rig r;
    msgpack::reader in{position.view()};
    QVERIFY(r.ingest().load_position(in));
    auto again = r.client();
    again.post(R"([{"id": 1}, {"id": 2}])", "Idempotency-Key: k\r\n");
    const auto a = again.read();
    QCOMPARE(a.status, 200);
    QCOMPARE(a.body, std::string{"{\"stored\": 2, \"rejected\": 0}\n"});
    QVERIFY(a.head.find("Idempotent-Replayed: true") != std::string::npos);
    r.poll_once();
    QVERIFY(r.rig.output().empty());
  }

  void aKeyWithAnotherBodyIsRefused() {
    ingest_rig r;
    auto client = r.client();
    client.post(R"({"id": 1})", "Idempotency-Key: k\r\n");
    QVERIFY(r.poll_some());
    auto other = r.client();
    other.post(R"({"id": 2})", "Idempotency-Key: k\r\n");
    QCOMPARE(other.read().status, 422);
    r.logged();
    other.post(R"({"id": 2})", "Idempotency-Key: k\r\n");
    QCOMPARE(other.read().status, 422);
  }

  void aMalformedRequestIsRefusedAsAWhole() {
    ingest_rig r;
    auto client = r.client();
    client.post("[{\"id\": 1},\n {\"id\": \"x\"}]");
    const auto a = client.read();
    QCOMPARE(a.status, 400);
    QVERIFY2(a.body.find("line 2, column 2: field 'id': x is no int64; nothing was stored") != std::string::npos,
             a.body.c_str());
    r.poll_once();
    QVERIFY(r.rig.output().empty());
  }

  void theGoodIsStoredAndTheBadListedWhereWanted() {
    ingest_rig r{{{"on_malformed", std::string{"dead_letter"}}}};
    auto client = r.client();
    client.post("[{\"id\": 1}, {\"id\": \"x\"}, {\"id\": 3}]");
    QVERIFY(r.poll_some());
    r.logged();
    const auto a = client.read();
    QCOMPARE(a.status, 200);
    QVERIFY2(a.body.find("\"stored\": 2, \"rejected\": 1, \"problems\": [{\"item\": 2, \"line\": 1, \"column\": 13") !=
                 std::string::npos,
             a.body.c_str());
    QCOMPARE(r.rig.output(), (lines{"1,", "3,"}));
    const auto dead = r.rig.output("dead");
    QCOMPARE(dead.size(), std::size_t{1});
    QVERIFY2(dead.front().find("{\"id\": \"x\"}") != std::string::npos, dead.front().c_str());
  }

  void refusals_data() {
    QTest::addColumn<QString>("request");
    QTest::addColumn<int>("status");
    const auto post = [](const char* headers, const char* body) {
      return QString{"POST /events HTTP/1.1\r\nHost: x\r\n%1Content-Length: %2\r\n\r\n%3"}
          .arg(headers)
          .arg(qstrlen(body))
          .arg(body);
    };
    QTest::newRow("type") << post("Content-Type: text/csv\r\n", "1") << 415;
    QTest::newRow("no type") << post("", "{}") << 415;
    QTest::newRow("encoding") << post("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "x") << 415;
    QTest::newRow("empty") << post("Content-Type: application/json\r\n", "[]") << 400;
    QTest::newRow("key") << post("Content-Type: application/json\r\nIdempotency-Key: a b\r\n", "{}") << 400;
    QTest::newRow("too many") << post("Content-Type: application/json\r\n", "{} {} {} {}") << 413;
    QTest::newRow("too long") << post("Content-Type: application/json\r\n", QByteArray(101, ' ').constData()) << 413;
    QTest::newRow("chunked too long")
        << QString{"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
                   "\r\n\r\n65\r\n%1\r\n0\r\n\r\n"}
               .arg(QString(101, ' '))
        << 413;
    QTest::newRow("asks before it sends")
        << "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
           "Content-Length: 1000\r\n\r\n"
        << 413;
    QTest::newRow("place") << "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" << 404;
    QTest::newRow("method") << "GET /events HTTP/1.1\r\nHost: x\r\n\r\n" << 405;
    QTest::newRow("slow") << "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                             "Content-Length: 10\r\n\r\n{"
                          << 408;
  }
  void refusals() {
    QFETCH(QString, request);
    QFETCH(int, status);
    ingest_rig r{
        {{"body_bytes", std::int64_t{100}}, {"body_events", std::int64_t{3}}, {"body_time", std::int64_t{100}}}};
    auto client = r.client();
    client.say(request.toStdString());
    const auto a = client.read();
    QCOMPARE(a.status, status);
    QVERIFY2(a.body.rfind("{\"error\": \"", 0) == 0, a.body.c_str());
  }

  void beyondTheWaitingRoomClientsAreToldToComeAgain() {
    ingest_rig r{{{"waiting_events", std::int64_t{2}}}};
    auto waits = r.client();
    waits.post(R"([{"id": 1}, {"id": 2}])", "Idempotency-Key: k\r\n");
    auto asks = r.client();
    QTRY_VERIFY((asks.get("/health"), asks.read().body.find("\"waiting_events\": 2") != std::string::npos));
    auto late = r.client();
    late.post(R"({"id": 3})");
    const auto a = late.read();
    QCOMPARE(a.status, 429);
    QVERIFY(a.head.find("Retry-After: 1") != std::string::npos);
    QVERIFY(r.poll_some());
    r.logged();
    QCOMPARE(waits.read().status, 200);
    late.post(R"({"id": 3})");
    QVERIFY(r.poll_some());
  }

  void whoWaitedTooLongIsToldThatNothingWasStored() {
    ingest_rig r{{{"answer_time", std::int64_t{100}}}};
    auto client = r.client();
    client.post(R"({"id": 1})");
    auto asks = r.client();
    QTRY_VERIFY((asks.get("/health"), asks.read().body.find("\"waiting_requests\": 1") != std::string::npos));
    QElapsedTimer since;
    since.start();
    QTRY_VERIFY(since.hasExpired(101));  // waiting is measured by the steady clock
    r.poll_once();
    const auto a = client.read();
    QCOMPARE(a.status, 503);
    QVERIFY2(a.body.find("not stored") != std::string::npos, a.body.c_str());
    QVERIFY(r.rig.output().empty());
  }

  void whoeverWaitsWhenItStopsIsTold() {
    auto r = std::make_unique<ingest_rig>();
    auto client = r->client();
    client.post(R"({"id": 1})");
    auto asks = r->client();
    QTRY_VERIFY((asks.get("/health"), asks.read().body.find("\"waiting_requests\": 1") != std::string::npos));
    const auto address = r->ingest().address();
    r.reset();
    QCOMPARE(client.read().status, 503);
    QVERIFY(!http_probe{address}.is_connected());
  }

  void aTokenIsAskedFor() {
    QTemporaryDir dir;
    QFile file{dir.filePath("token")};
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("s3cret\n") > 0);
    file.close();
    ingest_rig r{{{"token", "file:" + file.fileName().toStdString()}}};
    auto client = r.client();
    client.post(R"({"id": 1})");
    QCOMPARE(client.read().status, 401);
    client.post(R"({"id": 1})", "Authorization: Bearer s3cre\r\n");
    QCOMPARE(client.read().status, 401);
    client.post(R"({"id": 1})", "Authorization: Bearer s3cret\r\n");
    QVERIFY(r.poll_some());
    r.logged();
    QCOMPARE(client.read().status, 200);
  }

  void wrongParametersAreRefused_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("says");
    QTest::newRow("no port") << "listen"
                             << "127.0.0.1"
                             << "parameter 'listen': '127.0.0.1' has no port; give";
    QTest::newRow("a name") << "listen"
                            << "example.org:80"
                            << "names no address";
    QTest::newRow("port") << "listen"
                          << "127.0.0.1:99999"
                          << "has no port from 0 to 65535";
    QTest::newRow("path") << "path"
                          << "events"
                          << "parameter 'path': 'events' is no place";
    QTest::newRow("secret") << "token"
                            << "hunter2"
                            << "parameter 'token' does not name where its secret is: write env:";
    QTest::newRow("nested") << "fields"
                            << "tags:list<string>"
                            << "only fields with single values";
  }
  void wrongParametersAreRefused() {
    QFETCH(QString, name);
    QFETCH(QString, text);
    QFETCH(QString, says);
    std::map<std::string, param_value> params{{"fields", std::string{"id:int64"}}};
    params[name.toStdString()] = text.toStdString();
    const text_rig r{{.id = "millrace.http_ingest", .params = params}};
    QVERIFY2(QString::fromStdString(r.problem()).contains(says), r.problem().c_str());
    QVERIFY(!QString::fromStdString(r.problem()).contains("hunter2"));
  }
};

QTEST_GUILESS_MAIN(http_ingest_test)
#include "http_ingest_test.moc"
