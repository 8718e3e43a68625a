#include "node/logs/log_book.hpp"
#include "runtime/task_words.hpp"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace millrace;
using millrace::node::answer_logs;
using millrace::node::log_book;
using nlohmann::json;

namespace {

constexpr processing_time noon{1'800'000'000'000'000'000};

}  // namespace

class log_book_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  [[nodiscard]] std::string file(const char* name) const { return folder_.filePath(name).toStdString(); }
  static json texts(const json& answer) {
    auto out = json::array();
    for (const auto& r : answer["records"]) out.push_back(r["text"]);
    return out;
  }

private slots:
  void saysWhichTaskItIsFrom() {
    log_book book{"orders", file("task.jsonl")};
    book.add(log_level::warning, "sum/3: slow", noon);
    book.add(log_level::info, "path/x: no task", noon);
    book.add(log_level::info, "snapshot failed: a/0: full", noon);
    const auto records = book.read({})["records"];
    QVERIFY(records[0]["actor"] == "sum" && records[0]["partition"] == 3 && records[0]["text"] == "slow");
    QVERIFY(records[0]["level"] == "warning" && records[0]["topology"] == "orders");
    QVERIFY(records[1]["actor"].is_null() && records[1]["text"] == "path/x: no task");
    QVERIFY(records[2]["actor"].is_null() && records[2]["text"] == "snapshot failed: a/0: full");
  }

  void saysOnWhichNodeAndInWhichTrace() {
    const std::string trace = "81c8f3adbd0b1f0e5d1f8e2a97a61b44";
    log_book book{"orders", file("placed.jsonl")};
    using millrace::runtime::said_on;
    const std::vector<std::string> lines{
        said_on("west", "sum/3: slow [trace " + trace + "]"), said_on("west", "its disk is full"),
        said_on("east", said_on("west", "sum/3: slow")), "sum/0: odd [trace xyz]", "sum/1 on no node: slow"};
    for (const auto& line : lines) {
      book.add(log_level::info, line, noon);
    }
    const auto r = book.read({})["records"];
    QVERIFY2(r[0]["actor"] == "sum" && r[0]["partition"] == 3 && r[0]["node"] == "west", r[0].dump().c_str());
    QVERIFY(r[0]["trace"] == trace && r[0]["text"] == "slow");
    QVERIFY(r[1]["actor"].is_null() && r[1]["node"].is_null() && r[1]["text"] == "west: its disk is full");
    QVERIFY(r[2]["actor"].is_null() && r[2]["text"] == "east: sum/3 on west: slow");
    QVERIFY(r[3]["actor"] == "sum" && r[3]["trace"].is_null() && r[3]["text"] == "odd [trace xyz]");
    QVERIFY(r[4]["actor"].is_null() && r[4]["text"] == "sum/1 on no node: slow");
  }

  void givesWhatIsAskedFor() {
    log_book book{"orders", file("asked.jsonl")};
    for (int i = 1; i <= 10; ++i) {
      book.add(i % 5 == 0 ? log_level::error : log_level::info, "a/" + std::to_string(i % 2) + ": " + std::to_string(i),
               noon);
    }
    const auto ask = [&](const json& args) { return answer_logs(book, args); };
    QVERIFY(texts(*ask({{"limit", 2U}})) == json::array({"9", "10"}));
    QVERIFY(texts(*ask({{"level", "error"}})) == json::array({"5", "10"}));
    // Following: the oldest of what is new, and nothing is passed over.
    auto next = *ask({{"after", 6U}, {"limit", 3U}});
    QVERIFY(texts(next) == json::array({"7", "8", "9"}));
    next = *ask({{"after", next["last"]}, {"limit", 3U}});
    QVERIFY(texts(next) == json::array({"10"}));
    QVERIFY((*ask({{"after", next["last"]}}))["records"].empty());
    // From before the node's last start.
    QCOMPARE((*ask({{"after", 4711U}}))["records"].size(), std::size_t{10});
    QVERIFY((*ask({{"actor", "b"}}))["records"].empty());
    for (const auto& wrong : {json{{"level", "loud"}}, json{{"limit", 0U}}, json{{"limit", 5000U}}, json{{"after", -1}},
                              json{{"actor", 1}}}) {
      QVERIFY2(!ask(wrong), wrong.dump().c_str());
    }
  }

  void keepsTheNewestInMemoryAndMoreInTheFile() {
    log_book book{"orders", file("many.jsonl")};
    for (std::size_t i = 0; i < log_book::records_max + 10; ++i) book.add(log_level::info, std::to_string(i), noon);
    const auto all = book.read({.limit = log_book::records_max + 10});
    QCOMPARE(all["records"].size(), log_book::records_max);
    QVERIFY(all["records"].front()["text"] == "10");
    QFile written{folder_.filePath("many.jsonl")};
    QVERIFY(written.open(QIODevice::ReadOnly));
    const auto lines = written.readAll().split('\n');
    QCOMPARE(static_cast<std::size_t>(lines.size()), log_book::records_max + 11);  // behind the last one nothing
    QVERIFY(json::parse(lines.first().toStdString())["text"] == "0");
  }

  void putsTheFileAsideAtItsLimit() {
    log_book book{"orders", file("aside.jsonl")};
    const std::string text(log_book::text_bytes_max + 100, 'x');
    const auto lines = log_book::file_bytes_max / log_book::text_bytes_max;
    for (std::size_t i = 0; i < lines * 5 / 2; ++i) book.add(log_level::info, text, noon);
    QVERIFY(book.read({.limit = 1})["records"][0]["text"].get<std::string>().size() == log_book::text_bytes_max);
    const auto limit = static_cast<qint64>(log_book::file_bytes_max + 2 * log_book::text_bytes_max);
    QVERIFY(QFile{folder_.filePath("aside.jsonl")}.size() < limit);
    QVERIFY(QFile{folder_.filePath("aside.jsonl.1")}.size() < limit);
    QVERIFY(QFile::exists(folder_.filePath("aside.jsonl.1")));
  }

  void goesOnInMemoryWithoutItsFile() {
    QFile in_the_way{folder_.filePath("taken")};
    QVERIFY(in_the_way.open(QIODevice::WriteOnly));
    log_book book{"orders", file("taken/log.jsonl")};
    book.add(log_level::info, "one", noon);
    book.add(log_level::info, "two", noon);
    const auto all = book.read({});
    QCOMPARE(all["records"].size(), std::size_t{3});
    QVERIFY(all["records"][0]["text"] == "one" && all["records"][2]["text"] == "two");
    QVERIFY(all["records"][1]["text"].get<std::string>().find("cannot be written") != std::string::npos);
  }
};

QTEST_APPLESS_MAIN(log_book_test)
#include "log_book_test.moc"
