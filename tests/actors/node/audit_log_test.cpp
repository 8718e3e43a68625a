#include "node/access/audit_log.hpp"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "file_size_limit.hpp"

using millrace::errc;
using millrace::node::audit_log;

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
