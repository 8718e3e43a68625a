// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/dead_letter.hpp"
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

std::string position_of(text_rig& rig) {
  byte_buffer out;
  msgpack::writer w{out};
  rig.as<producer>().save_position(w);
  return std::string{as_text(out.view())};
}

void go_to(text_rig& rig, const std::string& position) {
  msgpack::reader in{as_bytes(position)};
  QVERIFY(rig.as<producer>().load_position(in));
}

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

class file_source_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    dir_ = std::make_unique<QTemporaryDir>();
    QVERIFY(dir_->isValid());
  }

  void readsCsvByItsHeader() {
    write(path("a.csv"),
          "\xEF\xBB\xBFvenue,at,account,amount\r\nX,5,\"a,1\",2.5\r\n\r\nY,2026-11-21T10:00:00Z,\"two\nlines\",-1");
    text_rig rig{setting("a.csv")};
    QCOMPARE(rig.problem(), std::string{});
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
    QCOMPARE(rig.output(), (lines{"\"a,1\",2.5,5", "\"two\nlines\",-1,1795255200000000000"}));
    QCOMPARE(rig.as<producer>().describe_position(), std::string{"end"});
    QCOMPARE(rig.as<producer>().backlog(), std::uint64_t{0});
  }

  void readsCsvWithoutAHeader() {
    write(path("a.csv"), "a,1,2\nb,2,3\n");
    auto s = setting("a.csv");
    s.params["header"] = false;
    QCOMPARE(all_of(s), (lines{"a,1,2", "b,2,3"}));
  }

  void readsJsonLines() {
    write(path("a.jsonl"),
          "{\"at\":5,\"account\":\"x\",\"amount\":1.5,\"more\":[1]}\n \n{\"account\":\"y\",\"amount\":2,\"at\":6.5}\n");
    QCOMPARE(all_of(setting("a.jsonl")), (lines{"x,1.5,5", "y,2,6500000000"}));
  }

  void readsLinesOfAWebServer() {
    write(path("access.log"),
          "10.0.0.1 - ann [10/Oct/2000:13:55:36 -0700] \"GET /a?x=1 HTTP/1.0\" 200 2326\n"
          "::1 - - [29/Feb/2024:00:00:00 +0000] \"\\x16\\x03 \\\"q\\\"\" 400 - \"-\" \"agent \\\"7\\\" x\"\n");
    auto s = weblog(
        "at:event_time,user:string?,method:string,path:string,query:string?,status:int64,bytes:int64,agent:string?");
    QCOMPARE(all_of(s),
             (lines{"971211336000000000,ann,GET,/a,x=1,200,2326,",
                    "1709164800000000000,,\"\",\"\\x16\\x03 \\\"\"q\\\"\"\",,400,0,\"agent \\\"\"7\\\"\" x\""}));
  }
  void saysWhatIsWrongWithALineOfAWebServer_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("said");
    const QString good = "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1";
    QTest::newRow("nothing") << "h"
                             << "access.log:1:2: expected a space";
    QTest::newRow("no time") << "h - - 10/Oct/2000"
                             << "access.log:1:7: expected the time in []";
    QTest::newRow("open quote") << "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0"
                                << "access.log:1:37: missing the end of the request";
    QTest::newRow("no such day") << QString{good}.replace("10/Oct", "31/Feb")
                                 << "\"31/Feb/2000:13:55:36 -0700\" is no event_time";
    QTest::newRow("no number") << QString{good}.replace("200 1", "OK 1") << "field 'status': \"OK\" is no int64";
  }
  void saysWhatIsWrongWithALineOfAWebServer() {
    QFETCH(QString, line);
    QFETCH(QString, said);
    write(path("access.log"), line.toStdString() + "\n");
    auto s = weblog("at:event_time,status:int64");
    s.params["on_malformed"] = "fail";
    text_rig rig{s};
    rig.as<>().open(rig.ctx());
    const auto thrown = QString::fromStdString(thrown_by([&] { (void)rig.poll(); }));
    QVERIFY2(thrown.contains(said), qPrintable(thrown));
  }
  void namesTheFieldsAWebServerHas() {
    const auto problem = text_rig{weblog("at:event_time,colour:string")}.problem();
    QVERIFY2(problem.find("no 'colour'; there are host, ") != std::string::npos, problem.c_str());
  }

  void dealsFilesOutToPartitions() {
    for (int i = 0; i < 3; ++i)
      write(path("f" + std::to_string(i) + ".csv"), "account,amount,at\nf" + std::to_string(i) + ",1,1\n");
    auto s = setting("f0.csv; f1.csv;f2.csv");
    s.parallelism = 2;
    QCOMPARE(all_of(s), (lines{"f0,1,1", "f2,1,1"}));
    s.partition = 1;
    QCOMPARE(all_of(s), (lines{"f1,1,1"}));
    s.parallelism = 8;
    s.partition = 7;
    QCOMPARE(all_of(s), lines{});
  }

  void goesOnFromAnyPosition() {
    std::string text = "account,amount,at\n";
    for (int i = 0; i < 20; ++i) text += "\"k\n" + std::to_string(i) + "\"," + std::to_string(i) + ",1\r\n";
    write(path("a.csv"), text);
    write(path("b.csv"), text);
    const auto s = setting("a.csv;b.csv");
    const auto straight = all_of(s);
    QCOMPARE(straight.size(), std::size_t{40});
    for (int polls = 1; polls <= 40; ++polls) {
      text_rig first{s};
      first.as<>().open(first.ctx());
      (void)first.poll(1, polls);
      auto joined = first.output();
      QCOMPARE(joined.size(), static_cast<std::size_t>(polls));
      text_rig second{s};
      go_to(second, position_of(first));
      second.as<>().open(second.ctx());
      QCOMPARE(second.as<producer>().describe_position(), first.as<producer>().describe_position());
      QCOMPARE(second.poll(), poll_result::next::end);
      for (const auto& line : second.output()) joined.push_back(line);
      QCOMPARE(joined, straight);
    }
  }

  void refusesAReplacedFile() {
    write(path("a.csv"), "account,amount,at\na,1,1\nb,2,2\n");
    const auto position = position_after_one_line();
    write(path("a.csv"), "account,amount,at\nz,1,1\nb,2,2\n");
    QVERIFY(open_error(position).find("is not the one the snapshot was taken with") != std::string::npos);
    write(path("a.csv"), "account,amount,at\n");
    QVERIFY(open_error(position).find("is not the one the snapshot was taken with") != std::string::npos);
  }

  void takesAFileThatHasGrown() {
    write(path("a.csv"), "account,amount,at\na,1,1\nb,2,2\n");
    const auto position = position_after_one_line();
    write(path("a.csv"), "account,amount,at\na,1,1\nb,2,2\nc,3,3\n");
    QCOMPARE(open_error(position), std::string{});
  }

  void namesAFileThatIsNotThere() {
    QVERIFY(open_error("").find(path("a.csv") + "' cannot be opened: No such file") != std::string::npos);
    std::filesystem::create_directory(path("a.csv"));
    QVERIFY(open_error("").find("is no regular file") != std::string::npos);
  }

  void saysWhereALineIsWrongAndKeepsIt() {
    write(path("a.csv"), "account,amount,at\na,1,1\nb,x,2\n");
    auto s = setting("a.csv");
    s.params["on_malformed"] = "fail";
    text_rig rig{s};
    rig.as<>().open(rig.ctx());
    const auto expected = path("a.csv") +
                          ":3:3: field 'amount': 'x' is no float64, expected a number; mend the line, or set "
                          "'on_malformed' to dead_letter";
    QCOMPARE(thrown_by([&] { (void)rig.poll(); }), expected);
    QCOMPARE(thrown_by([&] { (void)rig.poll(); }), expected);
    QCOMPARE(rig.output(), (lines{"a,1,1"}));
  }

  void keepsTheBytesOfAWrongLine() {
    write(path("a.csv"), "account,amount,at\n\"a \"\"b\"\"\",x,1\n");
    text_rig rig{setting("a.csv")};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
    const auto dead = rig.output("dead");
    QCOMPARE(dead.size(), std::size_t{1});
    QVERIFY2(dead[0].find("|\"a \"\"b\"\"\",x,1|") != std::string::npos, dead[0].c_str());
  }

  void takesAMendedLineBackByTheHeaderOfItsFile() {
    write(path("a.csv"), "at,amount,account\n1,1,a\n");
    text_rig rig{setting("a.csv")};
    rig.as<>().open(rig.ctx());
    dead_letter letter;
    letter.channel = path("a.csv");
    letter.content = "7,2.5,b";
    QVERIFY(rig.as<producer>().take_back(rig.ctx(), letter));
    QCOMPARE(rig.output(), (lines{"b,2.5,7"}));
    letter.content = "7,many,b";
    QVERIFY(thrown_by([&] { (void)rig.as<producer>().take_back(rig.ctx(), letter); }).find("'many' is no float64") !=
            std::string::npos);
  }

  void setsWrongLinesAsideAsDeadLetters() {
    write(path("a.csv"), "account,amount,at\na,1,1\nb,x,2\n" + std::string(2'000'000, 'y') + "\nc,3,3\n");
    auto s = setting("a.csv");
    s.params["on_malformed"] = "dead_letter";
    text_rig rig{s};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
    QCOMPARE(rig.output(), (lines{"a,1,1", "c,3,3"}));
    const auto dead = rig.output("dead");
    QCOMPARE(dead.size(), std::size_t{2});
    QVERIFY(dead[0].find("|3|" + path("a.csv") + ":3:3: field 'amount'") != std::string::npos);
    QVERIFY(dead[0].ends_with("|b,x,2||"));
    QVERIFY(dead[1].find(":4: the line is longer than 1048576 bytes") != std::string::npos);
    QCOMPARE(rig.ctx().lines.size(), std::size_t{2});
  }

  void refusesAHeaderThatDoesNotFit() {
    write(path("a.csv"), "account,sum,at\n");
    QVERIFY(open_error("").find("a.csv:1: the header has no column 'amount'") != std::string::npos);
    write(path("a.csv"), "account,amount,at,at\n");
    QVERIFY(open_error("").find("has the column 'at' more than once") != std::string::npos);
  }

  void checksItsParameters() {
    auto s = setting("a.txt");
    QVERIFY(text_rig{s}.problem().find("set 'format' to csv, jsonl, weblog") != std::string::npos);
    s = setting(" ; ");
    QVERIFY(text_rig{s}.problem().find("'path' is empty") != std::string::npos);
    s = setting("a.csv");
    s.params["fields"] = "a:nothing";
    QVERIFY(text_rig{s}.problem().find("column 3") != std::string::npos);
    s.params["fields"] = "a:list<int8>";
    QVERIFY(text_rig{s}.problem().find("only fields with single values") != std::string::npos);
  }

  void keepsToItsRate() {
    std::string text = "account,amount,at\n";
    for (int i = 0; i < 1000; ++i) text += "a,1,1\n";
    write(path("a.csv"), text);
    auto s = setting("a.csv");
    s.params["rate"] = 100.0;
    text_rig rig{s};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::wait);
    QCOMPARE(rig.output().size(), std::size_t{1});
    QCOMPARE(rig.last_poll().after.count(), 10'000'000);
    rig.ctx().time.ns += 500'000'000;
    QCOMPARE(rig.poll(), poll_result::next::wait);
    QCOMPARE(rig.output().size(), std::size_t{51});
    rig.ctx().time.ns += 60'000'000'000;  // a standstill: only a second's worth is caught up
    QCOMPARE(rig.poll(), poll_result::next::wait);
    QVERIFY(rig.output().size() <= std::size_t{153});
    QVERIFY(rig.as<producer>().backlog() > 800);
  }

private:
  [[nodiscard]] std::string path(const std::string& name) const { return dir_->filePath(name.c_str()).toStdString(); }
  [[nodiscard]] text_rig::setting setting(const std::string& files) const {
    return {.id = "millrace.file_source",
            .params = {{"path", files}, {"fields", "account:string,amount:float64,at:event_time"}},
            .base_folder = dir_->path().toStdString()};
  }
  [[nodiscard]] text_rig::setting weblog(const std::string& fields) const {
    return {.id = "millrace.file_source",
            .params = {{"path", "access.log"}, {"format", "weblog"}, {"fields", fields}},
            .base_folder = dir_->path().toStdString()};
  }
  static lines all_of(const text_rig::setting& s) {
    text_rig rig{s};
    rig.as<>().open(rig.ctx());
    if (rig.poll() != poll_result::next::end) qFatal("the input does not end");
    return rig.output();
  }
  [[nodiscard]] std::string position_after_one_line() const {
    text_rig rig{setting("a.csv")};
    rig.as<>().open(rig.ctx());
    (void)rig.poll(1, 1);
    return position_of(rig);
  }
  [[nodiscard]] std::string open_error(const std::string& position) const {
    text_rig rig{setting("a.csv")};
    if (!position.empty()) go_to(rig, position);
    return thrown_by([&] { rig.as<>().open(rig.ctx()); });
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(file_source_test)
#include "file_source_test.moc"
