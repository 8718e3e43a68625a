#include <QtTest/QTest>  // first: moc 6.4 cannot read <chrono> when nothing was included before it
#include <string>

#include "millrace/transport/control_protocol.hpp"
#include "millrace/transport/json_codec.hpp"

using namespace millrace;
using namespace millrace::transport;
using nlohmann::json;

namespace {

/// JSON with ' for ", which keeps the rows below readable.
json parsed(QString text) {
  return json::parse(text.replace('\'', '"').toStdString());
}

}  // namespace

class control_protocol_test : public QObject {
  Q_OBJECT

private slots:
  void requestComesBack();
  void missingPartsHaveDefaults();
  void badRequestsNameTheField_data();
  void badRequestsNameTheField();
  void answersComeBack();
  void everyErrorKeepsItsCodeAndClass();
  void anAnswerThatIsTooLargeBecomesAnError();
  void eventComesBack();
  void newerMessagesArePassedOver();
  void badAnswersAreRefused();
};

void control_protocol_test::requestComesBack() {
  byte_buffer bytes;
  encode_request({.id = 7, .verb = "pause", .args = {{"actor", "a"}}, .deadline = std::chrono::milliseconds{50}},
                 bytes);
  std::uint64_t id = 0;
  const auto request = decode_request(bytes.view(), id);
  QVERIFY(request);
  QCOMPARE(id, std::uint64_t{7});
  QCOMPARE(request->verb, std::string{"pause"});
  QVERIFY(request->args["actor"] == json("a"));
  QCOMPARE(request->deadline.count(), 50);
}

void control_protocol_test::missingPartsHaveDefaults() {
  byte_buffer bytes;
  json_to_msgpack({{"v", 1}, {"id", 1}, {"verb", "status"}}, bytes);
  std::uint64_t id = 0;
  const auto request = decode_request(bytes.view(), id);
  QVERIFY(request);
  QVERIFY(request->args == json::object());
  QCOMPARE(request->deadline, control_deadline_default);
}

void control_protocol_test::badRequestsNameTheField_data() {
  QTest::addColumn<QString>("document");
  QTest::addColumn<QString>("why");
  QTest::addColumn<quint64>("id");
  const auto row = [](const char* document, const char* why, quint64 id = 7) {
    QTest::newRow(document) << QString{document} << QString{why} << id;
  };
  row("[]", "is no map", 0);
  row("{'v':1,'verb':'x'}", "'id'", 0);
  row("{'v':1,'id':-1,'verb':'x'}", "'id'", 0);
  row("{'v':1,'id':'7','verb':'x'}", "'id'", 0);
  row("{'id':7,'verb':'x'}", "'v'");
  row("{'v':'1','id':7,'verb':'x'}", "'v'");
  row("{'v':2,'id':7,'verb':'x'}", "version 2 is not spoken");
  row("{'v':1,'id':7}", "'verb'");
  row("{'v':1,'id':7,'verb':5}", "'verb'");
  row("{'v':1,'id':7,'verb':''}", "'verb'");
  row("{'v':1,'id':7,'verb':'x','args':[]}", "'args'");
  row("{'v':1,'id':7,'verb':'x','args':null}", "'args'");
  row("{'v':1,'id':7,'verb':'x','deadline_ms':0}", "'deadline_ms'");
  row("{'v':1,'id':7,'verb':'x','deadline_ms':-5}", "'deadline_ms'");
  row("{'v':1,'id':7,'verb':'x','deadline_ms':3600001}", "'deadline_ms'");
  row("{'v':1,'id':7,'verb':'x','deadline_ms':9223372036854775808}", "'deadline_ms'");
  row("{'v':1,'id':7,'verb':'x','deadline_ms':1.5}", "'deadline_ms'");
  row("{'v':1,'id':7,'verb':'x','extra':1}", "unknown field 'extra'");
}

void control_protocol_test::badRequestsNameTheField() {
  QFETCH(QString, document);
  QFETCH(QString, why);
  QFETCH(quint64, id);
  byte_buffer bytes;
  json_to_msgpack(parsed(document), bytes);
  std::uint64_t known = 99;
  const auto request = decode_request(bytes.view(), known);
  QVERIFY(!request);
  QCOMPARE(known, std::uint64_t{id});
  QCOMPARE(request.error().kind, error_class::user);
  QVERIFY2(request.error().message.find(why.toStdString()) != std::string::npos, request.error().message.c_str());
}

void control_protocol_test::answersComeBack() {
  byte_buffer bytes;
  encode_answer({7, json{{"state", "running"}}}, bytes);
  const auto message = decode_control_message(bytes.view());
  QVERIFY(message);
  const auto& answer = std::get<control_answer>(*message);
  QCOMPARE(answer.id, std::uint64_t{7});
  QVERIFY(answer.outcome.value()["state"] == json("running"));
}

void control_protocol_test::everyErrorKeepsItsCodeAndClass() {
  for (int code = 0; code <= static_cast<int>(errc::failed); ++code) {
    for (const auto kind : {error_class::retryable, error_class::fatal, error_class::user}) {
      byte_buffer bytes;
      encode_answer({1, error{static_cast<errc>(code), kind, "why"}}, bytes);
      const auto message = decode_control_message(bytes.view());
      QVERIFY(message);
      const auto& failure = std::get<control_answer>(*message).outcome.error();
      QCOMPARE(failure.code, static_cast<errc>(code));
      QCOMPARE(failure.kind, kind);
      QCOMPARE(failure.message, std::string{"why"});
    }
  }
}

void control_protocol_test::anAnswerThatIsTooLargeBecomesAnError() {
  byte_buffer bytes;
  encode_answer({3, json(std::string(control_message_bytes_max, 'x'))}, bytes);
  QVERIFY(bytes.size() < 1000);
  const auto message = decode_control_message(bytes.view());
  QVERIFY(message);
  QCOMPARE(std::get<control_answer>(*message).outcome.error().code, errc::limit_exceeded);
}

void control_protocol_test::eventComesBack() {
  byte_buffer bytes;
  encode_event({5, "telemetry", 2, json{{"events", 10}}}, bytes);
  const auto message = decode_control_message(bytes.view());
  QVERIFY(message);
  const auto& event = std::get<control_event>(*message);
  QCOMPARE(event.subscription, std::uint64_t{5});
  QCOMPARE(event.topic, std::string{"telemetry"});
  QCOMPARE(event.skipped, std::uint64_t{2});
  QVERIFY(event.data["events"] == json(10));
}

void control_protocol_test::newerMessagesArePassedOver() {
  byte_buffer bytes;
  json_to_msgpack({{"v", 1}, {"probe", true}}, bytes);
  const auto message = decode_control_message(bytes.view());
  QVERIFY(message);
  QVERIFY(std::holds_alternative<std::monostate>(*message));
}

void control_protocol_test::badAnswersAreRefused() {
  for (const char* const text : {"3", "{'id':1}", "{'id':1,'ok':1}", "{'id':1,'ok':true}", "{'id':1,'ok':false}",
                                 "{'subscription':1}", "{'subscription':1,'topic':'t','skipped':0}"}) {
    byte_buffer bytes;
    json_to_msgpack(parsed(text), bytes);
    QVERIFY2(!decode_control_message(bytes.view()), text);
  }
}

QTEST_APPLESS_MAIN(control_protocol_test)
#include "control_protocol_test.moc"
