// Before Qt, whose keyword `emit` is the name of a member here.
#include "broker.hpp"
#include "text_rig.hpp"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "millrace/sink.hpp"

using namespace millrace;
using namespace millrace::testing;

namespace {

/// Runs openssl or the like in a folder; throws std::runtime_error when it fails.
void run_in(const std::string& folder, const QString& program, const QStringList& arguments) {
  QProcess p;
  p.setWorkingDirectory(QString::fromStdString(folder));
  p.start(program, arguments);
  if (!p.waitForFinished(60'000) || p.exitCode() != 0)
    throw std::runtime_error((program + ": " + p.readAllStandardError()).toStdString());
}

void write(const std::string& path, const QByteArray& text) {
  QFile file{QString::fromStdString(path)};
  if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size()) throw std::runtime_error("cannot write");
}

/// An authority, NAME.pem and NAME.key.
void make_authority(const std::string& folder, const QString& name) {
  run_in(folder, "openssl",
         {"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-days",
          "2", "-subj", "/CN=" + name});
}

/// A certificate of `ca` for the host localhost alone.
void make_certificate(const std::string& folder, const QString& name) {
  run_in(folder, "openssl",
         {"req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj",
          "/CN=" + name});
  write(folder + "/ext", "subjectAltName=DNS:localhost\n");
  run_in(folder, "openssl",
         {"x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
          name + ".pem", "-days", "2", "-extfile", "ext"});
}

}  // namespace

/// A server that wants to know who comes, and shows who it is.
class mqtt_secure_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    const auto f = folder_.path().toStdString();
    make_authority(f, "ca");
    make_authority(f, "other");
    make_certificate(f, "server");
    make_certificate(f, "client");
    run_in(f, "mosquitto_passwd", {"-c", "-b", "passwords", "ada", "right-word"});
    write(f + "/right", "ada\nright-word\n");
    write(f + "/wrong", "ada\nwrong-word\n");
    write(f + "/empty", "\n");
    server_ = std::make_unique<mqtt_tests::broker>("allow_anonymous false\npassword_file " + f + "/passwords\ncafile " +
                                                   f + "/ca.pem\ncertfile " + f + "/server.pem\nkeyfile " + f +
                                                   "/server.key\nrequire_certificate true\n");
  }
  void cleanupTestCase() { server_.reset(); }

  void letsInWhoShowsWhatIsAskedFor() {
    auto source = rig("mqtt.source", {});
    source->as<>().open(source->ctx());
    QCOMPARE(source->poll(100, 1), poll_result::next::wait);
    mqtt_tests::wait_until("no subscription", [&] {
      (void)source->poll(100, 1);
      return position_of(*source).find("secure") != std::string::npos;
    });
    auto sink = rig("mqtt.sink", {});
    sink->as<>().open(sink->ctx());
    sink->feed({"a,1"});
    QVERIFY(sink->as<millrace::sink>().prepare(sink->ctx(), epoch_id{1}).has_value());
    QTRY_VERIFY(((void)source->poll(100, 1), !source->output().empty()));
    QCOMPARE(source->output(), (std::vector<std::string>{"a,1"}));
  }

  void isNotLetIn_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("said");
    QTest::newRow("password") << "credentials_file" << path("wrong") << "refuses the connection";
    QTest::newRow("no words") << "credentials_file" << path("empty") << "its first line, the user's name, is empty";
    QTest::newRow("nobody") << "credentials_file"
                            << ""
                            << "refuses the connection";
    QTest::newRow("authority") << "tls_ca" << path("other.pem") << "certificate verify failed";
    QTest::newRow("no authority") << "tls_ca" << path("none.pem") << "a file cannot be read";
    QTest::newRow("host") << "server" << QString{"127.0.0.1:%1"}.arg(server_->port()) << "is away";
    QTest::newRow("no TLS") << "tls"
                            << "no"
                            << "is away";
    QTest::newRow("no certificate") << "tls_cert"
                                    << ""
                                    << "is away";
  }
  /// Neither actor, and neither says the password.
  void isNotLetIn() {
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, said);
    std::map<std::string, param_value> params{{name.toStdString(), value.toStdString()}};
    if (name == "tls") params.insert({{"tls_ca", ""}, {"tls_cert", ""}, {"tls_key", ""}});
    if (name == "tls_cert") params["tls_key"] = std::string{};
    for (const std::string id : {"mqtt.source", "mqtt.sink"}) {
      auto actor = rig(id, params);
      actor->as<>().open(actor->ctx());
      std::string words;
      try {
        if (id == "mqtt.sink") actor->feed({"a,1", "b,2"});
        if (id == "mqtt.sink") words = problem_of(actor->as<millrace::sink>().prepare(actor->ctx(), epoch_id{1}));
        for (int i = 0; i < 3 && id == "mqtt.source"; ++i) (void)actor->poll(100, 1);
      } catch (const std::runtime_error& e) {
        words = e.what();
      }
      for (const auto& line : actor->ctx().lines) words += line;
      QVERIFY2(QString::fromStdString(words).contains(said), (id + ": " + words).c_str());
      QVERIFY(words.find("wrong-word") == std::string::npos);
    }
  }

private:
  [[nodiscard]] QString path(const char* name) const { return folder_.filePath(name); }
  static std::string problem_of(const result<std::string>& r) { return r ? std::string{} : r.error().message; }
  [[nodiscard]] std::unique_ptr<text_rig> rig(const std::string& id, std::map<std::string, param_value> params) const {
    params.insert({{"server", server_->address()},
                   {"credentials_file", path("right").toStdString()},
                   {"tls", "yes"},
                   {"tls_ca", path("ca.pem").toStdString()},
                   {"tls_cert", path("client.pem").toStdString()},
                   {"tls_key", path("client.key").toStdString()},
                   {"client_id", id},
                   {"retry", 1}});
    if (id == "mqtt.source") params.insert({{"topics", "secure/#"}, {"fields", "line:string,number:int64"}});
    if (id == "mqtt.sink") params.insert({{"topic", "secure/x"}});
    auto made = std::make_unique<text_rig>(text_rig::setting{
        .id = id, .params = params, .input_fields = id == "mqtt.sink" ? "line:string,number:int64" : ""});
    if (!made->problem().empty()) qFatal("%s", made->problem().c_str());
    return made;
  }
  static std::string position_of(text_rig& rig) {
    byte_buffer out;
    msgpack::writer w{out};
    rig.as<producer>().save_position(w);
    return std::string{as_text(out.view())};
  }

  QTemporaryDir folder_;
  std::unique_ptr<mqtt_tests::broker> server_;
};

QTEST_GUILESS_MAIN(mqtt_secure_test)
#include "secure_test.moc"
