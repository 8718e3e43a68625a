#include "node/access/audit_log.hpp"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>
#include <memory>
#include <nlohmann/json.hpp>

#include "file_size_limit.hpp"
#include "node/access/audit_detail.hpp"

using millrace::errc;
using millrace::node::audit_detail;
using millrace::node::audit_log;
using nlohmann::json;

namespace {

const std::string secret = "a secret of forty characters, more or less";

}  // namespace

/// The audit log shows whatever was done to it afterwards.
class audit_log_test : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;

  [[nodiscard]] std::string folder() const { return folder_->path().toStdString(); }
  [[nodiscard]] QString file(const char* name) const { return folder_->filePath(name); }
  [[nodiscard]] QByteArray read(const char* name) const {
    QFile f{file(name)};
    return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray{};
  }
  void write(const char* name, const QByteArray& bytes) const {
    QFile f{file(name)};
    QVERIFY(f.open(QIODevice::WriteOnly) && f.write(bytes) == bytes.size());
  }
  void add(int from, int to) const {
    auto log = audit_log::open(folder(), secret);
    QVERIFY2(log.has_value(), log ? "" : log.error().message.c_str());
    for (int i = from; i < to; ++i) {
      QVERIFY(log->add({"2026-03-01T08:00:00Z", "ada", "deploy", "orders-" + std::to_string(i), "ok"}).has_value());
    }
  }
  [[nodiscard]] audit_log::verdict verdict() const { return *audit_log::verify(folder(), secret); }

private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void isIntactAsItWasWritten() {
    add(0, 3);
    add(3, 5);  // goes on after a restart
    QCOMPARE(verdict().entries, std::uint64_t{5});
    QCOMPARE(verdict().problem, std::string{});
  }

  void showsWhatWasDone_data() {
    QTest::addColumn<int>("what");
    QTest::addColumn<QByteArray>("problem");
    const char* names[] = {"changed", "left out",         "put in twice",         "exchanged",
                           "cut off", "the last one cut", "begun anew elsewhere", "another head"};
    const char* problems[] = {"line 3 is not", "line 3 is not",      "line 3 is not", "line 2 is not",
                              "is cut off",    "ends behind line 4", "line 1 is not", "is not what the node wrote"};
    for (int i = 0; i < 8; ++i) QTest::newRow(names[i]) << i << QByteArray{problems[i]};
  }
  void showsWhatWasDone() {
    QFETCH(int, what);
    QFETCH(QByteArray, problem);
    add(0, 5);
    auto lines = read("audit.log").split('\n');
    if (what == 0) lines[2].replace("orders-2", "orders-9");
    if (what == 1) lines.removeAt(2);
    if (what == 2) lines.insert(2, lines[1]);
    if (what == 3) lines.swapItemsAt(1, 2);
    if (what == 4) lines[4].chop(10), lines.removeLast();
    if (what == 5) lines.removeAt(4);
    if (what == 6) {
      QTemporaryDir other;
      auto log = audit_log::open(other.path().toStdString(), "another secret");
      QVERIFY(log->add({"2026-03-01T08:00:00Z", "eve", "deploy", "orders", "ok"}).has_value());
      QFile forged{other.filePath("audit.log")};
      QVERIFY(forged.open(QIODevice::ReadOnly));
      lines = forged.readAll().split('\n');
    }
    if (what == 7) write("audit.head", "{\"count\":4,\"code\":\"x\",\"mac\":\"y\"}");
    write("audit.log", lines.join('\n'));
    const auto found = verdict().problem;
    QVERIFY2(QByteArray::fromStdString(found).contains(problem), found.c_str());
    if (what == 4) return;  // a process that dies while it writes leaves the same: it goes on
    const auto reopened = audit_log::open(folder(), secret);
    QVERIFY(!reopened);
    QCOMPARE(reopened.error().code, errc::corrupt);
  }

  void goesOnInAnotherFileWhenOneIsFull() {
    constexpr int entries = 200;  // about ten in a file of 2,000 bytes
    const auto add_small = [&](int from, int to) {
      auto log = audit_log::open(folder(), secret, 2000);
      QVERIFY2(log.has_value(), log ? "" : log.error().message.c_str());
      for (int i = from; i < to; ++i) QVERIFY(log->add({"2026-03-01T08:00:00Z", "ada", "stop", "x", "ok"}).has_value());
    };
    for (int i = 0; i < entries; i += 7) add_small(i, std::min(i + 7, entries));
    const auto files = QDir{folder_->path()}.entryList({"audit.*.log"}, QDir::Files, QDir::Name);
    QCOMPARE(files.size(), static_cast<qsizetype>(audit_log::files_max - 1));
    const auto all = verdict();
    QCOMPARE(all.problem, std::string{});
    QVERIFY(all.first > 1);
    QCOMPARE(all.first + all.entries, std::uint64_t{entries + 1});
    // One that is gone, exchanged or cut off shows.
    const auto middle = files[3].toUtf8();
    const auto bytes = read(middle);
    QVERIFY(QFile::remove(file(middle)));
    QVERIFY(!verdict().problem.empty());
    QVERIFY(!audit_log::open(folder(), secret));
    write(middle, read(files[2].toUtf8()));
    QVERIFY(!verdict().problem.empty());
    write(middle, bytes.chopped(10));
    QVERIFY(!verdict().problem.empty());
    QVERIFY(!audit_log::open(folder(), secret));
    write(middle, bytes);
    QCOMPARE(verdict().problem, std::string{});
    QVERIFY(QFile::remove(file(files.front().toUtf8())));
    QVERIFY(!verdict().problem.empty());
  }

  /// A node that is asked often does not read what nobody has touched; whatever is touched is read again.
  void fullFilesThatWereGoodAreNotReadAgain() {
    auto log = audit_log::open(folder(), secret, 2000);
    for (int i = 0; i < 40; ++i) QVERIFY(log->add({"2026-03-01T08:00:00Z", "ada", "stop", "x", "ok"}).has_value());
    const auto files = QDir{folder_->path()}.entryList({"audit.*.log"}, QDir::Files, QDir::Name);
    QVERIFY(files.size() > 2);
    audit_log::memory known;
    const auto verdict = [&] { return *audit_log::verify(folder(), secret, &known); };
    QCOMPARE(verdict().entries, std::uint64_t{40});
    QCOMPARE(known.size(), static_cast<std::size_t>(files.size()));
    QCOMPARE(verdict().entries, std::uint64_t{40});
    QCOMPARE(verdict().problem, std::string{});
    // Of the same size, and as old as before by the time that everybody can set.
    const auto name = files[1].toUtf8();
    const auto bytes = read(name);
    const auto at = QFileInfo{file(name)}.lastModified();
    auto forged = bytes;
    write(name, forged.replace("\"ada\"", "\"eve\""));
    QFile touched{file(name)};
    QVERIFY(touched.open(QIODevice::ReadWrite) && touched.setFileTime(at, QFileDevice::FileModificationTime));
    touched.close();
    QVERIFY(!verdict().problem.empty());
    write(name, bytes);
    QCOMPARE(verdict().problem, std::string{});
  }

  void theNewestAreToldWithAllThatIsKnownOfThem() {
    auto log = audit_log::open(folder(), secret);
    for (int i = 0; i < 5000; ++i) {
      QVERIFY(log->add({"2026-03-01T08:00:00Z", "ada", "set", "x", "ok", "limit = " + std::to_string(i)}).has_value());
    }
    const auto last = audit_log::newest(folder(), 3);
    QCOMPARE(last.size(), std::size_t{3});
    QCOMPARE(last[0].detail, std::string{"limit = 4999"});
    QCOMPARE(last[2].detail, std::string{"limit = 4997"});
  }

  void saysWhatWasAskedFor_data() {
    QTest::addColumn<QByteArray>("verb");
    QTest::addColumn<QByteArray>("arguments");
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<QByteArray>("detail");
    const auto row = [](const char* name, const char* verb, const char* args, const char* answer, const char* detail) {
      QTest::newRow(name) << QByteArray{verb} << QByteArray{args} << QByteArray{answer} << QByteArray{detail};
    };
    row("key", "key_create", R"({"name":"ada","role":"operator","topologies":["orders","bills"],"public_key":"x"})",
        "{}", "name ada, role operator, topologies orders bills");
    row("invitation", "key_invite", R"({"name":"ada","role":"viewer","topologies":[],"topics":["orders/a->b"]})",
        R"({"token":"word"})", "name ada, role viewer, topics orders/a->b");
    row("accepted", "key_accept", R"({"public_key":"x"})", R"({"name":"ada","role":"viewer","topologies":["orders"]})",
        "name ada, role viewer, topologies orders");
    row("mended", "deadletter_fix", R"({"fixes":[{"id":"sum/1#7","content":"open sesame"},{"id":"sum/1#8"}]})", "{}",
        "ids sum/1#7 sum/1#8");
    row("replayed", "deadletter_replay", R"({"ids":["1","2","3","4","5","6","7","8","9","10"]})", "{}",
        "ids 10: 1 2 3 4 5 6 7 8 …");
    row("discarded", "deadletter_discard", R"({"ids":["sum/1#7",7,{"content":"open sesame"}]})", "null",
        "ids sum/1#7 ? ?");
    row("deployed", "deploy",
        R"({"from":"latest","placement":{"nodes":["a","b"],"pins":{"sum":["b","c"],"to/1":["a"]}}})", "{}",
        "from latest, nodes a b, place sum=b,c to/1=a");
    row("deployed here", "deploy", R"({"text":"{}","placement":{"nodes":[],"pins":{}}})", "{}", "");
    row("placed badly", "deploy", R"({"placement":{"nodes":7,"pins":{"sum":7}}})", "null", "nodes 7, place sum=?");
    row("breakpoint", "break_set", R"({"channel":"a->b","when":"name == 'open sesame'"})", R"({"id":3})",
        "channel a->b, id 3, with a condition");
    row("anywhere", "break_set", R"({"channel":"a->b","when":""})", R"({"id":4})", "channel a->b, id 4");
    row("breakpoint gone", "break_clear", R"({"id":3})", "{}", "id 3");
    row("no breakpoint", "break_clear", "{}", "{}", "all");
    row("step", "break_step", R"({"task":"sum/1"})", "{}", "task sum/1");
    row("fault", "chaos_inject", R"({"kind":"kill","target":"sum/1","node":"b"})", R"({"id":7})",
        "kind kill, target sum/1, node b, id 7");
    row("refused", "chaos_inject", R"({"kind":"kil","target":["sum"]})", "null", "kind kil, target sum");
    row("fault gone", "chaos_clear", R"({"id":7})", R"({"cleared":1})", "id 7");
    row("no fault", "chaos_clear", "{}", R"({"cleared":3})", "all");
  }
  void saysWhatWasAskedFor() {
    QFETCH(QByteArray, verb);
    QFETCH(QByteArray, arguments);
    QFETCH(QByteArray, answer);
    QFETCH(QByteArray, detail);
    const auto made =
        audit_detail(verb.toStdString(), json::parse(arguments.toStdString()), json::parse(answer.toStdString()));
    QCOMPARE(QByteArray::fromStdString(made), detail);
  }

  /// An entry has a KiB of the file, and who asks may send a MiB.
  void saysItInFewBytes() {
    const json many(std::vector<std::string>(1000, std::string(1000, 'x')));
    auto pins = json::object();
    for (int i = 0; i < 300; ++i) pins["actor" + std::to_string(i)] = many;
    for (const json& args : {json{{"name", many}, {"role", many}, {"topologies", many}, {"topics", many}},
                             json{{"placement", {{"nodes", many}, {"pins", pins}}}, {"from", std::string(9999, 'x')}},
                             json{{"ids", many}, {"id", many}, {"channel", std::string(9999, 'x')}, {"when", "x"}}}) {
      for (const auto* verb : {"key_create", "deploy", "deadletter_discard", "break_set", "chaos_clear"}) {
        const auto made = audit_detail(verb, args, args);
        QVERIFY2(made.size() <= 256, made.c_str());
      }
    }
  }

  void goesOnBehindAnEntryThatItsProcessDidNotFinish() {
    add(0, 2);
    const auto whole = read("audit.log");
    write("audit.log", whole + "{\"number\":3,\"at\":\"20");
    add(2, 4);
    QCOMPARE(verdict().entries, std::uint64_t{4});
    QCOMPARE(verdict().problem, std::string{});
  }

  /// What could not be written whole must not stop the node's next start.
  void goesOnWhenADiskIsFullNoMore() {
    auto log = *audit_log::open(folder(), secret);
    const audit_log::entry e{"2026-03-01T08:00:00Z", "ada", "deploy", "orders", "ok"};
    QVERIFY(log.add(e).has_value());
    const auto before = QFileInfo{file("audit.log")}.size();
    {
      const support::file_size_limit room{static_cast<rlim_t>(before) + 20};
      for (int i = 0; i < 3; ++i) QVERIFY(!log.add(e).has_value());
    }
    QCOMPARE(QFileInfo{file("audit.log")}.size(), before);
    // The entry fits, and the head does not.
    QVERIFY(QDir{}.mkdir(file("audit.head.new")));
    for (int i = 0; i < 3; ++i) QVERIFY(!log.add(e).has_value());
    QVERIFY(audit_log::open(folder(), secret).has_value());
    QVERIFY(QDir{}.rmdir(file("audit.head.new")));
    QVERIFY(log.add(e).has_value());
    QCOMPARE(verdict().entries, std::uint64_t{2});
    QCOMPARE(verdict().problem, std::string{});
  }
};

QTEST_GUILESS_MAIN(audit_log_test)
#include "audit_log_test.moc"
