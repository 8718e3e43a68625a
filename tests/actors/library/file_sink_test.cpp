// Before Qt, whose keyword `emit` is the name of a member here.
#include "file_size_limit.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/sink.hpp"
#include "text_rig.hpp"

#include <zlib.h>
#include <zstd.h>

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

std::string failing_point;

engine::fault_action fail_at_point(const char* point) {
  return failing_point == point ? engine::fault_action::fail : engine::fault_action::proceed;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

/// By the libraries themselves, member by member and frame by frame.
std::string unpacked(const std::string& packed, const std::string& with) {
  std::string out(16'000'000, '\0');
  if (with == "zstd") {
    const auto n = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
    if (ZSTD_isError(n) != 0) qFatal("%s", ZSTD_getErrorName(n));
    out.resize(n);
    return out;
  }
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) qFatal("zlib");
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::size_t made = 0;
  while (z.avail_in != 0) {
    z.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    z.avail_out = static_cast<uInt>(out.size() - made);
    if (inflate(&z, Z_FINISH) != Z_STREAM_END) qFatal("no gzip");
    made = out.size() - z.avail_out;
    inflateReset(&z);
  }
  inflateEnd(&z);
  out.resize(made);
  return out;
}

}  // namespace

class file_sink_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    dir_ = std::make_unique<QTemporaryDir>();
    failing_point.clear();
    engine::install_fault_hook(fail_at_point);
  }
  void cleanup() { engine::install_fault_hook(nullptr); }

  void showsEventsOnlyAfterTheCommit() {
    auto rig = started({0});
    rig->feed({"a,1.5,0", "\"b,c\",,1000000000"});
    const auto handle = prepared(*rig, 7);
    QCOMPARE(segments(), lines{});
    QVERIFY(committed(*rig, 7, handle));
    QCOMPARE(segments(), lines{"probe-0-00000000000000000007.csv"});
    QCOMPARE(output(), std::string{"key,value,at\na,1.5,1970-01-01T00:00:00Z\n\"b,c\",,1970-01-01T00:00:01Z\n"});
  }

  void writesJsonLines() {
    auto rig = started({0}, {{"format", "jsonl"}, {"time_format", "ns"}});
    rig->feed({"a,1.5,7", "b,,8"});
    QVERIFY(committed(*rig, 1, prepared(*rig, 1)));
    QCOMPARE(segments(), lines{"probe-0-00000000000000000001.jsonl"});
    QCOMPARE(output(),
             std::string{"{\"key\":\"a\",\"value\":1.5,\"at\":7}\n{\"key\":\"b\",\"value\":null,\"at\":8}\n"});
  }

  void splitsByTheValuesOfFields() {
    auto rig = started({0}, {{"split_by", "key"}});
    rig->feed({"a,1,1", "b/c d,2,2", "a,3,3", "..,4,4"});
    const auto handle = prepared(*rig, 1);
    QVERIFY(committed(*rig, 1, handle));
    QVERIFY(committed(*rig, 1, handle));
    const std::string name = "/probe-0-00000000000000000001.csv";
    QCOMPARE(content(path("key=a" + name)), std::string{"key,value,at\na,1,1970-01-01T00:00:00.000000001Z\n"
                                                        "a,3,1970-01-01T00:00:00.000000003Z\n"});
    QVERIFY(std::filesystem::exists(path("key=b%2Fc%20d" + name)));
    QVERIFY(std::filesystem::exists(path("key=.." + name)));
    QCOMPARE(folders().size(), std::size_t{3});
  }

  void splitFilesGoBackWithTheSnapshot() {
    std::string handle;
    {
      auto rig = started({0}, {{"split_by", "key"}});
      rig->feed({"a,1,1", "b,1,1"});
      handle = prepared(*rig, 1);
      QVERIFY(committed(*rig, 1, handle));
      rig->feed({"a,2,2", "c,2,2"});
      QVERIFY(committed(*rig, 2, prepared(*rig, 2)));
    }
    auto rig = started({1}, {{"split_by", "key"}}, {{epoch_id{1}, handle}});
    QVERIFY(std::filesystem::exists(path("key=a/probe-0-00000000000000000001.csv")));
    QVERIFY(!std::filesystem::exists(path("key=a/probe-0-00000000000000000002.csv")));
    QVERIFY(!std::filesystem::exists(path("key=c/probe-0-00000000000000000002.csv")));
  }

  void writesMoreFoldersThanItHoldsDescriptors() {
    auto rig = started({0}, {{"split_by", "key"}});
    const std::string filler(2000, 'x');
    for (int round = 0; round < 50; ++round) {
      for (int key = 0; key < 150; ++key) rig->feed({std::to_string(key) + filler.substr(0, 150) + ",1,1"});
    }
    QVERIFY(committed(*rig, 1, prepared(*rig, 1)));
    QCOMPARE(folders().size(), std::size_t{150});
    for (const auto& folder : folders()) {
      const auto text = content(path(folder + "/probe-0-00000000000000000001.csv"));
      QCOMPARE(std::ranges::count(text, '\n'), 51);
    }
  }

  void packsItsFiles_data() {
    QTest::addColumn<QString>("compress");
    QTest::addColumn<QString>("end");
    QTest::newRow("gzip") << "gzip"
                          << ".gz";
    QTest::newRow("zstd") << "zstd"
                          << ".zst";
  }
  void packsItsFiles() {
    QFETCH(QString, compress);
    QFETCH(QString, end);
    const auto packed = compress.toStdString();
    auto rig = started({0}, {{"compress", packed}, {"time_format", "ns"}});
    std::string expected = "key,value,at\n";
    for (int i = 0; i < 20'000; ++i) {  // several buffers
      const auto line = "account-" + std::to_string(i * 7919 % 1000) + ",1.5," + std::to_string(i);
      rig->feed({line});
      expected += line + "\n";
    }
    auto handle = prepared(*rig, 1);
    QVERIFY(committed(*rig, 1, handle));
    rig->feed({"last,2,3"});
    handle = prepared(*rig, 2);
    QVERIFY(committed(*rig, 2, handle));
    QCOMPARE(segments(), (lines{"probe-0-00000000000000000001.csv" + end.toStdString(),
                                "probe-0-00000000000000000002.csv" + end.toStdString()}));
    // As cat puts them together.
    QCOMPARE(unpacked(output(), packed), expected + "key,value,at\nlast,2,3\n");
    QVERIFY(output().size() < expected.size() / 3);
    // Also written packed before, and going back: both are its files.
    rig = started({1});
    QCOMPARE(segments().size(), std::size_t{1});
    rig.reset();
    QVERIFY(start_error().find("holds output of an earlier run") != std::string::npos);
  }
  void packedFilesTakeUpWhereADiskWasFull() {
    auto rig = started({0}, {{"compress", "zstd"}, {"time_format", "ns"}});
    std::string expected = "key,value,at\n";
    std::mt19937_64 random{3};
    for (int i = 0; i < 3000; ++i) {
      const auto line = std::to_string(random()) + std::to_string(random()) + ",1," + std::to_string(i);
      rig->feed({line});
      expected += line + "\n";
    }
    {
      const support::file_size_limit full{20'000};
      for (std::uint64_t epoch : {1, 2}) {
        const auto failed = rig->as<sink>().prepare(rig->ctx(), {epoch});
        QVERIFY(!failed && failed.error().code == errc::disk_full);
      }
    }
    QVERIFY(committed(*rig, 3, prepared(*rig, 3)));
    QCOMPARE(unpacked(output(), "zstd"), expected);
  }

  void beginsAnotherFileAfterATime() {
    auto rig = started({0}, {{"roll_after", std::int64_t{60}}});
    for (int i = 0; i < 5; ++i) {
      rig->feed({"a,1," + std::to_string(i)});
      rig->ctx().time.ns += 30'000'000'000;
    }
    QVERIFY(committed(*rig, 1, prepared(*rig, 1)));
    QCOMPARE(segments().size(), std::size_t{3});
    QCOMPARE(std::ranges::count(content(path(segments()[0])), '\n'), 3);
    QCOMPARE(std::ranges::count(content(path(segments()[2])), '\n'), 2);
  }

  void beginsAnotherFileWhenOneHasGrown() {
    auto rig = started({0}, {{"roll_mib", std::int64_t{1}}});
    const std::string filler(1000, 'x');
    for (int i = 0; i < 3000; ++i) rig->feed({filler + ",1," + std::to_string(i)});
    QVERIFY(committed(*rig, 4, prepared(*rig, 4)));
    QCOMPARE(segments(), (lines{"probe-0-00000000000000000004-000000.csv", "probe-0-00000000000000000004-000001.csv",
                                "probe-0-00000000000000000004-000002.csv"}));
    const auto all = output();
    QCOMPARE(std::ranges::count(all, '\n'), 3003);
    rig = started({3}, {{"roll_mib", std::int64_t{1}}});
    QCOMPARE(segments(), lines{});
  }

  void namesAFieldToSplitByThatIsNotThere() {
    const auto problem = made({{"split_by", "colour"}})->problem();
    QVERIFY2(problem.find("'split_by'") != std::string::npos && problem.find("value") != std::string::npos,
             problem.c_str());
  }

  void makesNoFileForAnEmptyEpoch() {
    auto rig = started({0});
    QCOMPARE(prepared(*rig, 1), std::string{});
    rig->feed({"a,1,1"});
    QVERIFY(committed(*rig, 2, prepared(*rig, 2)));
    QCOMPARE(prepared(*rig, 3), std::string{});
    QCOMPARE(segments().size(), std::size_t{1});
  }

  void commitsTwiceAsOnce() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    const auto handle = prepared(*rig, 1);
    QVERIFY(committed(*rig, 1, handle));
    const auto once = output();
    QVERIFY(committed(*rig, 1, handle));
    QCOMPARE(output(), once);
  }

  void goesBackToTheSameEpochTwiceWithoutMixingFiles() {
    std::string handle;
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      handle = prepared(*rig, 1);
    }
    {
      auto rig = started({1}, {}, {{epoch_id{1}, handle}});
      rig->feed({"b,22,2", "c,33,3"});
      (void)prepared(*rig, 2);  // never completed: the process dies here
    }
    auto rig = started({1}, {}, {{epoch_id{1}, handle}});
    QCOMPARE(segments(), lines{"probe-0-00000000000000000001.csv"});
  }

  void keepsSeveralPreparedEpochsApart() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    const auto first = prepared(*rig, 1);
    rig->feed({"b,2,2"});
    const auto second = prepared(*rig, 2);
    QVERIFY(committed(*rig, 1, first));
    QVERIFY(committed(*rig, 2, second));
    QCOMPARE(segments().size(), std::size_t{2});
    QVERIFY(output().find("b,2,") != std::string::npos);
  }

  void rollsForwardWhatTheSnapshotKnowsAndDropsTheRest() {
    std::string handle;
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      handle = prepared(*rig, 1);
      rig->feed({"lost,2,2"});
      (void)prepared(*rig, 2);
      rig->feed({"lost as well,3,3"});
    }
    auto rig = started({1}, {}, {{epoch_id{1}, handle}});
    QCOMPARE(segments(), lines{"probe-0-00000000000000000001.csv"});
    QCOMPARE(pending(), lines{});
    rig->feed({"b,2,2"});
    QVERIFY(committed(*rig, 3, prepared(*rig, 3)));
    QCOMPARE(segments().size(), std::size_t{2});
    QVERIFY(output().find("lost") == std::string::npos);
  }

  void recoversFromTheSameSnapshotTwice() {
    std::string handle;
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      handle = prepared(*rig, 1);
    }
    {
      auto rig = started({1}, {}, {{epoch_id{1}, handle}});
      rig->feed({"a longer one,2,2"});
      (void)prepared(*rig, 2);  // under the name that the first file had before it was committed
    }
    auto rig = started({1}, {}, {{epoch_id{1}, handle}});
    QCOMPARE(segments(), lines{"probe-0-00000000000000000001.csv"});
    QCOMPARE(pending(), lines{});
    QVERIFY(output().find("longer") == std::string::npos);
  }

  void survivesACrashAroundTheRename_data() {
    QTest::addColumn<QByteArray>("point");
    QTest::newRow("before") << QByteArray{"sink.before_rename"};
    QTest::newRow("after") << QByteArray{"sink.after_rename"};
  }
  void survivesACrashAroundTheRename() {
    QFETCH(QByteArray, point);
    std::string handle;
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      handle = prepared(*rig, 1);
      failing_point = point.toStdString();
      QVERIFY(!committed(*rig, 1, handle));
    }
    failing_point.clear();
    auto rig = started({1}, {}, {{epoch_id{1}, handle}});
    QCOMPARE(segments().size(), std::size_t{1});
    QCOMPARE(output(), std::string{"key,value,at\na,1,1970-01-01T00:00:00.000000001Z\n"});
  }

  void withdrawsSegmentsAfterTheSnapshotItGoesBackTo() {
    {
      auto rig = started({0});
      for (const std::uint64_t epoch : {1, 2, 3}) {
        rig->feed({"a,1,1"});
        QVERIFY(committed(*rig, epoch, prepared(*rig, epoch)));
      }
    }
    write(path("probe-0-1-00000000000000000009.csv"), "another actor's");
    write(path("probe-1-00000000000000000009.csv"), "another partition's");
    auto rig = started({1});
    QCOMPARE(segments(), (lines{"probe-0-00000000000000000001.csv", "probe-0-1-00000000000000000009.csv",
                                "probe-1-00000000000000000009.csv"}));
    QCOMPARE(rig->ctx().lines.size(), std::size_t{1});
  }

  void refusesTheOutputOfAnotherRun() {
    std::filesystem::create_directories(path(""));
    write(path("probe-3-00000000000000000009.csv"), "x");
    const auto refused = start_error();
    QVERIFY(refused.find("holds output of an earlier run ('probe-3-00000000000000000009.csv')") != std::string::npos);
    QVERIFY(refused.find("new folder") != std::string::npos);
    QCOMPARE(segments().size(), std::size_t{1});
  }

  void startsAgainAfterACrashBeforeTheFirstSnapshot() {
    started({0})->feed({"a,1,1"});
    {
      auto rig = started({0});
      rig->feed({"a,1,1"});
      (void)prepared(*rig, 1);
    }
    QCOMPARE(start_error(), std::string{});
    QCOMPARE(pending(), lines{});
  }

  void refusesFilesThatWereTamperedWith() {
    auto rig = started({0});
    rig->feed({"a,1,1"});
    const auto handle = prepared(*rig, 1);
    const auto name = dir_->filePath("out/.inprogress/").toStdString() + pending().front();
    write(name, "short");
    QVERIFY(commit_error(*rig, handle).find("has 5 bytes where the snapshot says") != std::string::npos);
    std::filesystem::remove(name);
    QVERIFY(commit_error(*rig, handle).find("is gone") != std::string::npos);
    QVERIFY(commit_error(*rig, "no handle").find("none of a file sink") != std::string::npos);
    QVERIFY(commit_error(*rig, "5 ../../x y").find("none of a file sink") != std::string::npos);
  }

  void losesNothingOnAFullDisk() {
    auto rig = started({0});
    lines many;
    for (int i = 0; i < 200; ++i) many.push_back(std::string(500, 'x') + std::to_string(i) + ",1,1");
    rig->feed(many);
    {
      const support::file_size_limit limit{50'000};
      const auto refused = rig->as<sink>().prepare(rig->ctx(), {1});
      QVERIFY(!refused);
      QCOMPARE(refused.error().code, errc::disk_full);
      QVERIFY(refused.error().message.find(".inprogress/probe-0.0.csv") != std::string::npos);
    }
    QVERIFY(committed(*rig, 2, prepared(*rig, 2)));
    const auto text = output();
    QCOMPARE(std::count(text.begin(), text.end(), '\n'), 201);
    for (int i = 0; i < 200; ++i) QVERIFY(text.find("x" + std::to_string(i) + ",1,") != std::string::npos);
  }

  void namesAFolderThatCannotBeMade() {
    write(dir_->filePath("out").toStdString(), "a file");
    QVERIFY(start_error().find("cannot make the folder '" + path(".inprogress")) != std::string::npos);
  }

private:
  [[nodiscard]] std::string path(const std::string& name) const {
    return dir_->filePath(("out/" + name).c_str()).toStdString();
  }
  [[nodiscard]] std::unique_ptr<text_rig> made(std::map<std::string, param_value> params = {}) const {
    params.try_emplace("path", dir_->filePath("out").toStdString());
    return std::make_unique<text_rig>(text_rig::setting{.id = "millrace.file_sink",
                                                        .params = std::move(params),
                                                        .input_fields = "key:string,value:float64?,at:event_time"});
  }
  [[nodiscard]] std::unique_ptr<text_rig> started(epoch_id restored, std::map<std::string, param_value> params = {},
                                                  const std::vector<sink::prepared>& handles = {}) const {
    auto rig = made(std::move(params));
    const auto ok = rig->as<sink>().recover(rig->ctx(), restored, handles);
    if (!ok) qFatal("%s", ok.error().message.c_str());
    return rig;
  }
  [[nodiscard]] std::string start_error() const {
    auto rig = made();
    const auto ok = rig->as<sink>().recover(rig->ctx(), {0}, {});
    return ok ? std::string{} : ok.error().message;
  }
  static std::string prepared(text_rig& rig, std::uint64_t epoch) {
    auto handle = rig.as<sink>().prepare(rig.ctx(), {epoch});
    if (!handle) qFatal("%s", handle.error().message.c_str());
    return std::move(handle).value();
  }
  static bool committed(text_rig& rig, std::uint64_t epoch, const std::string& handle) {
    return rig.as<sink>().commit(rig.ctx(), {epoch}, handle).has_value();
  }
  static std::string commit_error(text_rig& rig, const std::string& handle) {
    const auto ok = rig.as<sink>().commit(rig.ctx(), {1}, handle);
    return ok ? std::string{} : ok.error().message;
  }
  [[nodiscard]] lines files_in(const std::string& folder) const {
    lines names;
    for (const auto& entry : std::filesystem::directory_iterator{path(folder)}) {
      const auto name = entry.path().filename().string();
      if (entry.is_regular_file() && !name.ends_with(".lock")) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }
  [[nodiscard]] lines segments() const { return files_in(""); }
  [[nodiscard]] lines folders() const {
    lines names;
    for (const auto& entry : std::filesystem::directory_iterator{path("")}) {
      const auto name = entry.path().filename().string();
      if (entry.is_directory() && name != ".inprogress") names.push_back(name);
    }
    return names;
  }
  [[nodiscard]] lines pending() const { return files_in(".inprogress"); }
  /// What the folder shows: the segments in the order of their names.
  [[nodiscard]] std::string output() const {
    std::string all;
    for (const auto& name : segments()) all += content(path(name));
    return all;
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(file_sink_test)
#include "file_sink_test.moc"
