// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t second = 1'000'000'000;

template <class F>
std::string thrown_by(F f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

}  // namespace

class follow_test : public QObject {
  Q_OBJECT
private slots:
  void init() { dir_ = std::make_unique<QTemporaryDir>(); }

  void readsLinesAsTheyCome() {
    auto rig = started("app.log");
    QCOMPARE(look(*rig), poll_result::next::wait);  // not there yet
    append("app.log", "n=1\nn=2\nn=");
    QCOMPARE(look(*rig), poll_result::next::wait);
    QCOMPARE(rig->output(), (lines{"1", "2"}));
    QCOMPARE(rig->last_poll().after.count(), 250'000'000);
    append("app.log", "3");
    (void)look(*rig);
    QCOMPARE(rig->output().size(), std::size_t{2});
    append("app.log", "4\n");
    (void)look(*rig);
    QCOMPARE(rig->output(), (lines{"1", "2", "34"}));
    QCOMPARE(rig->as<producer>().describe_position(), std::string{"app.log:4"});
  }

  void waitsForTheHeaderOfCsv() {
    auto rig = started("a.csv", {{"format", "auto"}});
    append("a.csv", "x,");
    (void)look(*rig);
    append("a.csv", "n\n1,2\n\"a\nb\",");
    (void)look(*rig);
    QCOMPARE(rig->output(), lines{"2"});
    const auto position = position_of(*rig);
    append("a.csv", "3\n");
    rig = started("a.csv", {{"format", "auto"}}, position);
    (void)look(*rig);
    QCOMPARE(rig->output(), lines{"3"});
  }

  void followsARenamedFileToItsEnd() {
    auto rig = started("app.log");
    append("app.log", "n=1\n");
    (void)look(*rig);
    append("app.log", "n=2\n");
    fs::rename(path("app.log"), path("app.log.1"));
    append("app.log", "n=10\n");
    (void)look(*rig);
    append("app.log.1", "n=3\nn=4");  // who writes has not noticed yet
    append("app.log", "n=11\n");
    (void)look(*rig);
    QCOMPARE(sorted(rig->output()), (lines{"1", "10", "11", "2", "3"}));
    rig->ctx().time.ns += 6 * second;  // nothing comes any more: its last line needs no end
    (void)look(*rig);
    QCOMPARE(sorted(rig->output()), (lines{"1", "10", "11", "2", "3", "4"}));
    append("app.log.1", "\nn=5\n");
    (void)look(*rig);
    QCOMPARE(rig->output().size(), std::size_t{6});
  }

  void readsATruncatedFileFromItsStart() {
    auto rig = started("app.log");
    append("app.log", "n=1\nn=2\n");
    (void)look(*rig);
    fs::copy(path("app.log"), path("app.log.1"));
    fs::resize_file(path("app.log"), 0);
    append("app.log", "n=3\nn=4\nn=5\n");  // longer than before: only the checksum tells
    (void)look(*rig);
    QCOMPARE(rig->output(), (lines{"1", "2", "3", "4", "5"}));
    QVERIFY(rig->ctx().lines.back().find("was truncated after 8 bytes") != std::string::npos);
  }

  void findsNewFilesAndLeavesArchivesOut() {
    auto rig = started("logs/*");
    QCOMPARE(look(*rig), poll_result::next::wait);
    fs::create_directory(path("logs"));
    for (const auto* name : {"logs/a", "logs/b", "logs/a.1.gz", "logs/b.xz"}) append(name, "n=1\n");
    fs::create_directory(path("logs/c"));
    (void)look(*rig);
    QCOMPARE(rig->output(), (lines{"1", "1"}));
    fs::rename(path("logs/a"), path("logs/a.1"));  // still matched: the same file under another name
    append("logs/a", "n=2\n");
    append("logs/a.1", "n=3\n");
    (void)look(*rig);
    QCOMPARE(sorted(rig->output()), (lines{"1", "1", "2", "3"}));
  }

  void sharesFilesOut() {
    for (int i = 0; i < 20; ++i) append("f" + std::to_string(i), "n=" + std::to_string(i) + "\n");
    lines all;
    for (std::uint32_t p = 0; p < 3; ++p) {
      auto s = setting("f*", {});
      s.partition = p;
      s.parallelism = 3;
      text_rig rig{s};
      rig.as<>().open(rig.ctx());
      (void)look(rig);
      for (const auto& line : rig.output()) all.push_back(line);
    }
    std::ranges::sort(all);
    QCOMPARE(all.size(), std::size_t{20});
    QCOMPARE(std::unique(all.begin(), all.end()), all.end());
  }

  void saysThatItIsIdleAndEnds() {
    append("app.log", "n=1\nn=2");
    auto rig = started("app.log", {{"end_after", 60}});
    QCOMPARE(look(*rig), poll_result::next::wait);
    rig->ctx().time.ns += 10 * second;
    QCOMPARE(look(*rig), poll_result::next::idle);
    append("app.log", "0\n");
    QCOMPARE(look(*rig), poll_result::next::wait);
    append("app.log", "n=3");
    rig->ctx().time.ns += 60 * second;
    QCOMPARE(look(*rig), poll_result::next::end);
    QCOMPARE(rig->output(), (lines{"1", "20", "3"}));
  }

  void goesOnAfterRotationsItDidNotSee() {
    append("app.log", "n=1\nn=2\n");
    auto rig = started("app.log");
    (void)rig->poll(1, 1);
    const auto position = position_of(*rig);
    QCOMPARE(rig->output(), lines{"1"});
    fs::rename(path("app.log"), path("app.log.1"));
    append("app.log", "n=3\n");
    rig = started("app.log", {}, position);
    (void)look(*rig);
    QCOMPARE(rig->output(), (lines{"2", "3"}));
    fs::copy(path("app.log.1"), path("copy"));
    fs::remove(path("app.log.1"));
    rig = started("app.log", {}, position);
    (void)look(*rig);
    QCOMPARE(rig->output(), (lines{"2", "3"}));
  }

  void saysThatAFileIsGone() {
    append("app.log", "n=1\nn=2\n");
    auto rig = started("app.log");
    (void)look(*rig);
    const auto position = position_of(*rig);
    rig.reset();
    fs::remove(path("app.log"));
    append("app.log", "n=3\n");
    const auto thrown = thrown_by([&] { (void)started("app.log", {}, position); });
    QVERIFY2(thrown.find("of which 8 bytes were read") != std::string::npos, thrown.c_str());
    rig = started("app.log", {{"on_missing", "skip"}}, position);
    (void)look(*rig);
    QCOMPARE(rig->output(), lines{"3"});
    QVERIFY(rig->ctx().lines.front().find("given up") != std::string::npos);
  }

  void setsWrongLinesAside() {
    append("app.log", "n=1\nn=x\nn=2\n");
    auto rig = started("app.log");
    (void)look(*rig);
    QCOMPARE(rig->output(), (lines{"1", "2"}));
    const auto dead = rig->output("dead");
    QCOMPARE(dead.size(), std::size_t{1});
    QVERIFY2(dead[0].find("app.log:2:3: field 'n': 'x' is no int64") != std::string::npos, dead[0].c_str());
    dead_letter letter;
    letter.channel = path("app.log");
    letter.content = "n=7";
    QVERIFY(rig->as<producer>().take_back(rig->ctx(), letter));
    QCOMPARE(rig->output().back(), std::string{"7"});
    rig = started("app.log", {{"on_malformed", "fail"}});
    for (int i = 0; i < 2; ++i) {
      const auto thrown = thrown_by([&] { (void)rig->poll(); });
      QVERIFY2(thrown.find("app.log:2:3:") != std::string::npos, thrown.c_str());
    }
    QCOMPARE(rig->output(), lines{"1"});
  }

  /// Writes, rotates both ways, reads, takes snapshots and dies at random: every line comes once into what counts.
  void losesAndDoublesNothing_data() {
    QTest::addColumn<bool>("by_copy");
    QTest::addColumn<unsigned>("seed");
    for (unsigned seed = 1; seed <= 100; ++seed) {
      QTest::newRow(("renamed " + std::to_string(seed)).c_str()) << false << seed;
      QTest::newRow(("copied " + std::to_string(seed)).c_str()) << true << seed;
    }
  }
  void losesAndDoublesNothing() {
    QFETCH(bool, by_copy);
    QFETCH(unsigned, seed);
    std::mt19937 random{seed};
    const auto draw = [&](int n) { return std::uniform_int_distribution{0, n - 1}(random); };
    int written = 0;
    int rotated = 0;
    std::string pending;  // the last line of app.log, as far as it is not written
    const auto write = [&](int n) {
      for (; n > 0; --n)
        pending +=
            "n=" + std::to_string(written++) + " text=" + std::string(static_cast<std::size_t>(draw(300)), 'x') + "\n";
      append("app.log", pending);
      pending.clear();
    };
    const std::map<std::string, param_value> params{{"linger", 0}};
    // A file that came and was renamed since the snapshot is only found when its new name is followed, too.
    const std::string followed = by_copy ? "app.log" : "app.log*";
    auto rig = started(followed, params);
    std::string snapshot;
    std::size_t taken = 0;  // lines of this incarnation that the snapshot covers
    lines kept;
    for (int step = 0; step < 60; ++step) {
      switch (draw(7)) {
        case 0:
        case 1:
          write(1 + draw(20));
          break;
        case 2:
          (void)rig->poll(1 + static_cast<std::size_t>(draw(5)), 1);
          break;
        case 3:
          rig->ctx().time.ns += second;
          (void)rig->poll(1000, 1);
          break;
        case 4: {  // a snapshot
          snapshot = position_of(*rig);
          const auto all = rig->output();
          kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(taken), all.end());
          taken = all.size();
          break;
        }
        case 5:  // killed
          rig = started(followed, params, snapshot);
          taken = 0;
          break;
        case 6: {
          if (!fs::exists(path("app.log"))) break;
          if (!by_copy) {
            fs::rename(path("app.log"), path("app.log." + std::to_string(rotated++)));
            write(draw(3));
            break;
          }
          // What came after the last look is lost in this kind of rotation, whoever follows
          (void)look(*rig);
          fs::copy(path("app.log"), path("old." + std::to_string(rotated++)));
          fs::resize_file(path("app.log"), 0);
          (void)look(*rig);
          snapshot = position_of(*rig);
          const auto all = rig->output();
          kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(taken), all.end());
          taken = all.size();
          break;
        }
      }
    }
    for (int i = 0; i < 3; ++i) (void)look(*rig);
    const auto all = rig->output();
    kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(taken), all.end());
    lines expected;
    for (int i = 0; i < written; ++i) expected.push_back(std::to_string(i));
    QCOMPARE(sorted(kept), sorted(expected));
  }

  void checksItsParameters() {
    QVERIFY(text_rig{setting(" ", {})}.problem().find("'path' is empty") != std::string::npos);
    QVERIFY(text_rig{setting("a.gz", {})}.problem().find("read it with millrace.file_source") != std::string::npos);
    QVERIFY(text_rig{setting("a.log", {{"format", "auto"}})}.problem().find("set 'format' to") != std::string::npos);
  }

private:
  [[nodiscard]] std::string path(const std::string& name) const { return dir_->filePath(name.c_str()).toStdString(); }
  void append(const std::string& name, const std::string& text) const {
    std::ofstream{path(name), std::ios::binary | std::ios::app} << text;
  }
  [[nodiscard]] text_rig::setting setting(const std::string& files, std::map<std::string, param_value> params) const {
    params.insert({{"path", files}, {"format", "logfmt"}, {"fields", "n:int64"}});
    return {.id = "millrace.follow", .params = std::move(params), .base_folder = dir_->path().toStdString()};
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(const std::string& files,
                                                  std::map<std::string, param_value> params = {},
                                                  const std::string& position = {}) const {
    auto rig = std::make_unique<text_rig>(setting(files, std::move(params)));
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
  /// Lets the time between two looks pass, and reads what there is.
  static poll_result::next look(text_rig& rig) {
    rig.ctx().time.ns += second;
    (void)rig.poll(100'000);
    return rig.last_poll().what;
  }
  static lines sorted(lines l) {
    std::ranges::sort(l);
    return l;
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(follow_test)
#include "follow_test.moc"
