// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;

/// What network actors say about parameters that cannot be right.
class net_params_test : public QObject {
  Q_OBJECT
private slots:
  void wrongParametersAreRefused_data() {
    QTest::addColumn<QString>("type");
    QTest::addColumn<QStringList>("params");  // name=text
    QTest::addColumn<QString>("says");
    const auto row = [](const char* type, const QStringList& params, const char* says) {
      QTest::newRow(qPrintable(type + (" " + params.last()))) << type << params << says;
    };
    row("http_sink", {"url=ftp://x/"}, "parameter 'url': 'ftp://x/' is no http or https address; write https://");
    row("http_sink", {"url=https://a:hunter2@x/"}, "parameter 'url' has a user name in its address");
    row("http_sink", {"url=https://x/", "token=hunter2"}, "parameter 'token' does not name where its secret is");
    row("http_sink", {"url=https://x/", "headers=Cookie: hunter2"}, "'Cookie' is a secret");
    row("http_sink", {"url=https://x/", "headers=X"}, "parameter 'headers': header 1 has no ':'; write Name: text");
    row("http_sink", {"url=https://x/", "token_header=X Y"},
        "parameter 'token_header': header 1 has a name with other characters");
    row("http_poll", {"url=x", "fields=n:int64"}, "parameter 'url': 'x' is no http or https address");
    row("http_poll", {"url=https://x/", "fields=n:list<int64>"}, "only fields with single values can be read from an");
    row("http_poll", {"url=https://x/", "fields=n:int64", "format=xml"}, "format");
    row("circuit_call", {"fields=a:int64", "url=https://{key}/"}, "a field may not say which host is asked");
    row("circuit_call", {"fields=a:int64", "url=https://x/{nobody}"}, "nobody");
    row("circuit_call", {"fields=a:int64", "url=https://x/{key"}, "a '{' has no '}' behind it");
    row("circuit_call", {"url=https://x/{key}", "fields=key:int64"}, "'key' is a field of what arrives already");
    row("alert_sink", {"by=webhook"}, "parameter 'url'");
    row("alert_sink", {"by=mail", "smtp=mail.example.org"}, "parameter 'smtp' is no address of a mail server; write");
    row("alert_sink", {"by=mail", "smtp=smtp://x", "from=nobody"}, "parameter 'from': 'nobody' is no mail address");
    row("alert_sink", {"by=mail", "smtp=smtp://x", "from=a@b", "to= "}, "parameter 'to' is empty");
    row("alert_sink", {"by=mail", "smtp=smtp://x", "from=a@b", "to=c@d", "token=hunter2"}, "parameter 'token'");
    row("alert_sink", {"severity=value"}, "parameter 'severity': 'value' is a float64, no text");
    row("alert_sink", {"group_by=nobody"}, "nobody");
    row("zmq_ingest", {"fields=n:int64", "address=x:5"},
        "parameter 'address': 'x:5' is no address of ZeroMQ; write tcp");
    row("zmq_ingest", {"fields=n:int64", "address=tcp://*"}, "'tcp://*' has no host or no port; write tcp://127.0.0.1");
    row("zmq_ingest", {"fields=n:int64", "address=tcp://*:70000"}, "has no port from 0 (any that is free) to 65535");
    row("zmq_ingest", {"fields=n:int64", "attach=connect", "address=tcp://*:7"}, "names no peer to connect to");
    row("zmq_ingest", {"fields=n:int64", "address=ipc://feed"}, "'ipc://feed' is no absolute path; write ipc:///run/");
    row("zmq_ingest", {"address=tcp://*:7", "fields=n:list<int64>"},
        "only fields with single values can be read from a");
    row("zmq_ingest", {"address=tcp://*:7", "fields=n:int64", "topic=a"},
        "parameter 'topic': a pull socket takes every");
    row("zmq_sink", {"address=tcp://x:0"}, "parameter 'address': 'tcp://x:0' has no port from 1 to 65535");
    row("zmq_sink", {"address=tcp://x:7", "topic=a"}, "parameter 'topic': a push socket has none");
  }
  void wrongParametersAreRefused() {
    QFETCH(QString, type);
    QFETCH(QStringList, params);
    QFETCH(QString, says);
    text_rig::setting setting{.id = "millrace." + type.toStdString(), .input_fields = "key:string,value:float64"};
    for (const auto& p : params) {
      const auto at = p.indexOf('=');
      setting.params[p.first(at).toStdString()] = p.sliced(at + 1).toStdString();
    }
    const text_rig rig{setting};
    QVERIFY2(QString::fromStdString(rig.problem()).contains(says), rig.problem().c_str());
    QVERIFY2(!QString::fromStdString(rig.problem()).contains("hunter2"), "the message shows a secret");
  }
};

QTEST_APPLESS_MAIN(net_params_test)
#include "net_params_test.moc"
