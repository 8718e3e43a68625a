// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

const QString journald = "/lib/systemd/systemd-journald";

}  // namespace

/// Against a real systemd-journald in a namespace of its own, where there is one and this user may start it.
class journal_test : public QObject {
  Q_OBJECT
private slots:
  void init() { QVERIFY(dir_.isValid()); }

  void cleanupTestCase() {
    stop();
    if (namespace_.isEmpty()) return;
    QDir{"/run/systemd/journal." + namespace_}.removeRecursively();
    for (const QString root : {"/var/log/journal", "/run/log/journal"}) {
      for (const auto& name : QDir{root}.entryList({"*." + namespace_}, QDir::Dirs))
        QDir{root + "/" + name}.removeRecursively();
    }
  }

  void saysThatAFolderIsNotThere() {
    text_rig rig{{.id = "millrace.journal", .params = {{"directory", dir_.filePath("none").toStdString()}}}};
    try {
      rig.as<>().open(rig.ctx());
      QFAIL("it was opened");
    } catch (const std::exception& e) {
      QVERIFY2(QString{e.what()}.contains("none' cannot be opened: No such file or directory; check"), e.what());
    }
  }

  void checksItsParameters_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("said");
    QTest::newRow("fields") << "fields"
                            << "a:nothing"
                            << "parameter 'fields': ";
    QTest::newRow("nested") << "fields"
                            << "a:list<int8>"
                            << "only fields with single values";
    QTest::newRow("match") << "match"
                           << "unit=x"
                           << "'unit=x' is no FIELD=value";
    QTest::newRow("no value") << "match"
                              << "UNIT"
                              << "'UNIT' is no FIELD=value";
  }
  void checksItsParameters() {
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, said);
    const text_rig rig{{.id = "millrace.journal", .params = {{name.toStdString(), value.toStdString()}}}};
    QVERIFY2(QString::fromStdString(rig.problem()).contains(said), rig.problem().c_str());
  }

  void endsAtTheEndOfAnEmptyFolder() {
    auto rig = started({{"follow", false}});
    QCOMPARE(rig->poll(), poll_result::next::end);
    rig = started({});
    QCOMPARE(rig->poll(), poll_result::next::wait);
    rig->ctx().time.ns += 10'000'000'000;
    QCOMPARE(rig->poll(), poll_result::next::idle);
  }

  void readsAndGoesOn() {
    if (!start()) QSKIP("no systemd-journald that this user may start: reading a journal is not tested here");
    for (int i = 0; i < 20; ++i)
      send("MESSAGE=text " + std::to_string(i) + "\nPRIORITY=" + std::to_string(i % 8) +
           "\nAMOUNT=" + std::to_string(i) + "\n");
    auto rig = started({});
    QTRY_COMPARE_WITH_TIMEOUT((rig->poll(), rig->output().size()), std::size_t{20}, 20'000);
    for (int i = 0; i < 20; ++i)
      QVERIFY(rig->output()[static_cast<std::size_t>(i)].starts_with(
          "text " + std::to_string(i) + "," + std::to_string(i % 8) + "," + std::to_string(i) + ","));
    // From any entry on.
    const auto all = rig->output();
    for (int read = 1; read < 20; read += 3) {
      auto first = started({});
      (void)first->poll(static_cast<std::size_t>(read), 1);
      auto joined = first->output();
      QCOMPARE(joined.size(), static_cast<std::size_t>(read));
      auto second = started({}, position_of(*first));
      (void)second->poll();
      for (const auto& line : second->output()) joined.push_back(line);
      QCOMPARE(joined, all);
    }
    // What comes while it reads, also from a journal that was killed and started again.
    stop();
    QVERIFY(start());
    send("MESSAGE=later\nPRIORITY=5\nAMOUNT=1\n");
    QTRY_COMPARE_WITH_TIMEOUT((rig->poll(), rig->output().size()), std::size_t{21}, 20'000);
    // Filters.
    const auto count = [&](const std::map<std::string, param_value>& params) {
      auto filtered = started(params);
      (void)filtered->poll();
      return filtered->output().size();
    };
    QCOMPARE(count({{"priority", "err"}}), std::size_t{12});
    QCOMPARE(count({{"match", "AMOUNT=1;AMOUNT=3"}}), std::size_t{3});
    QCOMPARE(count({{"match", "AMOUNT=1;AMOUNT=3"}, {"priority", "alert"}}), std::size_t{1});
    QCOMPARE(count({{"unit", "no-such-unit"}}), std::size_t{0});
    QCOMPARE(count({{"from", "now"}}), std::size_t{0});
    // An entry that the field's type does not fit is set aside.
    send("MESSAGE=wrong\nAMOUNT=many\n");
    QTRY_COMPARE_WITH_TIMEOUT((rig->poll(), rig->output("dead").size()), std::size_t{1}, 20'000);
    QVERIFY(rig->output("dead")[0].find("field 'amount': 'many' is no int64") != std::string::npos);
  }

  void saysThatItsEntryIsGone() {
    if (!start()) QSKIP("no systemd-journald that this user may start: reading a journal is not tested here");
    auto first = started({});
    (void)first->poll(3, 1);
    const auto position = position_of(*first);
    // Other filters: the entry is not among those.
    QVERIFY_EXCEPTION_THROWN((void)started({{"match", "AMOUNT=7"}}, position), std::runtime_error);
    auto rig = started({{"match", "AMOUNT=7"}, {"on_missing", "skip"}}, position);
    (void)rig->poll();
    QCOMPARE(rig->output().size(), std::size_t{1});
    QVERIFY(rig->ctx().lines.at(0).find("no longer has the entry") != std::string::npos);
  }

private:
  [[nodiscard]] bool start() {
    if (process_.state() == QProcess::Running) return true;
    if (::geteuid() != 0 || !QFile::exists(journald)) return false;
    if (namespace_.isEmpty()) namespace_ = "millrace-test-" + QString::number(::getpid());
    process_.start(journald, {namespace_});
    if (!process_.waitForStarted()) return false;
    // Not every machine lets it run: containers may lack what it wants.
    return QTest::qWaitFor([&] { return QFile::exists(socket_path()) || process_.state() != QProcess::Running; },
                           10'000) &&
           process_.state() == QProcess::Running && !folder().isEmpty();
  }
  void stop() {
    if (process_.state() != QProcess::Running) return;
    process_.kill();
    process_.waitForFinished();
    QFile::remove(socket_path());
  }
  [[nodiscard]] QString socket_path() const { return "/run/systemd/journal." + namespace_ + "/socket"; }
  /// Where it keeps its files; on disk where the machine has /var/log/journal, else in memory.
  [[nodiscard]] QString folder() const {
    QString found;
    (void)QTest::qWaitFor(
        [&] {
          for (const QString root : {"/var/log/journal", "/run/log/journal"}) {
            const auto names = QDir{root}.entryList({"*." + namespace_}, QDir::Dirs);
            if (!names.isEmpty()) found = root + "/" + names[0];
          }
          return !found.isEmpty();
        },
        10'000);
    return found;
  }
  void send(const std::string& entry) const {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const auto path = socket_path().toStdString();
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    const auto text = entry + "MILLRACE_TEST=1\n";
    const auto sent = ::sendto(fd, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    ::close(fd);
    QCOMPARE(sent, static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(std::map<std::string, param_value> params,
                                                  const std::string& position = {}) const {
    const bool is_live = process_.state() == QProcess::Running;
    params.insert({"directory", is_live ? folder().toStdString() : dir_.path().toStdString()});
    params.insert({"fields", "message:string,priority:int8?,amount:int64,at:event_time,pid:int64?"});
    // Its own start is an entry, too.
    auto& match = params["match"];
    const auto more = std::holds_alternative<std::string>(match) ? std::get<std::string>(match) : std::string{};
    match = (more.empty() ? "" : more + ";") + "MILLRACE_TEST=1";
    auto rig = std::make_unique<text_rig>(text_rig::setting{.id = "millrace.journal", .params = params});
    if (!rig->problem().empty()) qFatal("%s", rig->problem().c_str());
    msgpack::reader in{as_bytes(position)};
    if (!position.empty() && !rig->as<producer>().load_position(in)) qFatal("unreadable");
    rig->as<>().open(rig->ctx());
    return rig;
  }
  static std::string position_of(text_rig& rig) {
    byte_buffer out;
    msgpack::writer w{out};
    rig.as<producer>().save_position(w);
    return std::string{as_text(out.view())};
  }

  QTemporaryDir dir_;
  QString namespace_;
  QProcess process_;
};

QTEST_GUILESS_MAIN(journal_test)
#include "journal_test.moc"
