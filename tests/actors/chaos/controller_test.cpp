// An experiment's process is killed while faults of every kind that lasts are at work: they heal by themselves.
#include <signal.h>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include "millrace/chaos/catalogue.hpp"

namespace {

using millrace::chaos::fault_place;

constexpr int start_timeout_ms = 60'000;
constexpr int heal_timeout_ms = 30'000;

/// Where in the sample a fault of the kind finds something, and little enough of what it takes.
QStringList arguments_for(const millrace::chaos::fault_entry& e) {
  QStringList out{"chaos", "inject", "orders", e.name, "--lease", "3s"};
  switch (e.place) {
    case fault_place::task:
    case fault_place::handler:
      out << "--target"
          << "totals/1";
      break;
    case fault_place::producer:
      out << "--target"
          << "orders";
      break;
    case fault_place::channel:
      out << "--target"
          << "by_customer->totals/2";
      break;
    case fault_place::disk:
      out << "--target"
          << "snapshot";
      break;
    case fault_place::clock:
    case fault_place::process:
      break;
  }
  const QString kind = e.name;
  if (kind == "cpu") out << "--with=threads=1";
  if (kind == "memory") out << "--with=memory_mb=16";
  if (kind == "descriptors") out << "--with=descriptors=16";
  return out;
}

QJsonObject action(const QString& name, const QStringList& arguments, double pause_s = 0) {
  return {
      {"type", "action"},
      {"name", name},
      {"provider",
       QJsonObject{{"type", "process"}, {"path", "millrace"}, {"arguments", QJsonArray::fromStringList(arguments)}}},
      {"pauses", QJsonObject{{"after", pause_s}}}};
}

/// Injects all that lasts, and then waits for longer than the test does.
QJsonObject experiment(const QStringList& kinds) {
  QJsonArray method;
  for (const auto& e : millrace::chaos::catalogue()) {
    if (kinds.contains(e.name)) method.append(action(QString{"inject-"} + e.name, arguments_for(e)));
  }
  method.append(action("wait", {"chaos", "list", "orders"}, 3600));
  const QJsonObject trial{{"name", "millrace"},
                          {"topology", "orders.mill"},
                          {"settings", QJsonArray{"orders.count=1000000000", "orders.rate=2000"}},
                          {"warm_up", "1ms"},
                          {"baseline", "1ms"},
                          {"oracle", false}};
  return {{"title", "The controller is killed"},
          {"description", "All faults that last, and nobody who renews them"},
          {"method", method},
          {"extensions", QJsonArray{trial}}};
}

}  // namespace

class controller_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    for (const auto& e : millrace::chaos::catalogue()) {
      if (e.usual_hits == 0) kinds_ << e.name;
    }
    QVERIFY(kinds_.size() > 15);
  }
  void cleanup() {
    if (controller_.state() != QProcess::NotRunning) controller_.kill();
    controller_.waitForFinished();
    // The topology outlives its controller by design; not this test.
    if (topology_ > 0) ::kill(static_cast<pid_t>(topology_), SIGKILL);
  }
  void whatNobodyRenewsHeals() {
    write_topology();
    QFile file{folder_.filePath("e.json")};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QJsonDocument{experiment(kinds_)}.toJson());
    file.close();
    controller_.setProcessChannelMode(QProcess::MergedChannels);
    controller_.start(MILLRACE_COMMAND, {"chaos", "run", file.fileName(), "--keep", folder_.filePath("kept")});
    QVERIFY(controller_.waitForStarted());
    QTRY_VERIFY2_WITH_TIMEOUT(count_of("active") + count_of("healed") == kinds_.size(),
                              controller_.readAll().constData(), start_timeout_ms);
    topology_ = ask({"topology", "status", "orders", "--json"}).object()["pid"].toInt();
    QVERIFY(topology_ > 0);

    QCOMPARE(::kill(static_cast<pid_t>(controller_.processId()), SIGKILL), 0);
    QVERIFY(controller_.waitForFinished());
    QTRY_COMPARE_WITH_TIMEOUT(count_of("healed"), kinds_.size(), heal_timeout_ms);
    const auto before = events();
    QTRY_VERIFY_WITH_TIMEOUT(events() > before + 1'000, heal_timeout_ms);
  }

private:
  /// The sample, with time for its snapshots: all these faults at once let none be complete.
  void write_topology() const {
    QFile sample{SAMPLES "/orders.mill"};
    QVERIFY(sample.open(QIODevice::ReadOnly));
    auto text = sample.readAll();
    QVERIFY(text.contains("500ms") && text.contains("2000ms"));
    text.replace("\"500ms\"", "\"60s\"").replace("\"2000ms\"", "\"120s\"");
    QFile own{folder_.filePath("orders.mill")};
    QVERIFY(own.open(QIODevice::WriteOnly));
    own.write(text);
  }
  QJsonDocument ask(const QStringList& arguments) const {
    QProcess p;
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert("XDG_RUNTIME_DIR", folder_.filePath("kept/subject/run"));
    p.setProcessEnvironment(environment);
    p.start(MILLRACE_COMMAND, arguments);
    p.waitForFinished();
    return QJsonDocument::fromJson(p.readAllStandardOutput());
  }
  qsizetype count_of(const QString& state) const {
    qsizetype n = 0;
    for (const auto& f : ask({"chaos", "list", "orders", "--json"}).array()) {
      if (f.toObject()["state"].toString() == state) ++n;
    }
    return n;
  }
  double events() const {
    double n = 0;
    for (const auto& t : ask({"topology", "status", "orders", "--json"}).object()["tasks"].toArray()) {
      if (t.toObject()["kind"].toString() == "sink") n += t.toObject()["events_in"].toDouble();
    }
    return n;
  }

  QTemporaryDir folder_;
  QStringList kinds_;
  QProcess controller_;
  int topology_ = 0;
};

QTEST_GUILESS_MAIN(controller_test)
#include "controller_test.moc"
