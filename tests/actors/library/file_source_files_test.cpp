// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <zlib.h>
#include <zstd.h>

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
  std::ofstream{path, std::ios::binary} << text;
}

std::string gzip(const std::string& text) {
  z_stream z{};
  if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) qFatal("zlib");
  std::string out(compressBound(static_cast<uLong>(text.size())) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) qFatal("zlib");
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string pack(const std::string& end, const std::string& text) {
  return end == "gz" ? gzip(text) : zstd(text);
}

std::string position_of(text_rig& rig) {
  byte_buffer out;
  msgpack::writer w{out};
  rig.as<producer>().save_position(w);
  return std::string{as_text(out.view())};
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

/// Which files the file source reads, and what they are packed with.
class file_source_files_test : public QObject {
  Q_OBJECT
private slots:
  void init() { dir_ = std::make_unique<QTemporaryDir>(); }

  void goesOnInAnArchiveFromAnyPosition_data() { add_ends(); }
  void goesOnInAnArchiveFromAnyPosition() {
    QFETCH(QString, end);
    std::string text = "account,amount,at\n";
    for (int i = 0; i < 30; ++i) text += "\"k\n" + std::to_string(i) + "\"," + std::to_string(i) + ",1\r\n";
    // Two members, parted in the middle of a line.
    const auto e = end.toStdString();
    write(path("a.csv." + e), pack(e, text.substr(0, 101)) + pack(e, text.substr(101)));
    const auto s = setting("a.csv." + e);
    const auto straight = all_of(s);
    QCOMPARE(straight.size(), std::size_t{30});
    for (int polls = 1; polls <= 30; ++polls) {
      text_rig first{s};
      first.as<>().open(first.ctx());
      (void)first.poll(1, polls);
      auto joined = first.output();
      QCOMPARE(rest_from(s, position_of(first), joined), straight);
    }
  }

  void readsALongArchive_data() { add_ends(); }
  void readsALongArchive() {
    QFETCH(QString, end);
    std::string text = "account,amount,at\n";
    for (int i = 0; i < 100'000; ++i)
      text += "account-" + std::to_string(i * 7919 % 1000) + "," + std::to_string(i) + ",1\n";
    write(path("a.csv." + end.toStdString()), pack(end.toStdString(), text));
    text_rig rig{setting("a.csv." + end.toStdString())};
    rig.as<>().open(rig.ctx());
    (void)rig.poll(256, 200);
    const auto left = rig.as<producer>().backlog();
    QVERIFY2(left > 5'000 && left < 500'000, std::to_string(left).c_str());
    const auto position = position_of(rig);
    auto joined = rig.output();
    QCOMPARE(rest_from(setting("a.csv." + end.toStdString()), position, joined).size(), std::size_t{100'000});
  }

  void knowsAnArchiveByItsBytes() {
    write(path("a.csv"), gzip("account,amount,at\na,1,1\n"));
    QCOMPARE(all_of(setting("a.csv")), lines{"a,1,1"});
  }

  void saysWhereAnArchiveIsDamaged_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("said");
    std::string text = "account,amount,at\n";
    for (int i = 0; i < 20'000; ++i) text += "a," + std::to_string(i * 7919 % 100'000) + ",1\n";
    const auto gz = QByteArray::fromStdString(gzip(text));
    const auto zst = QByteArray::fromStdString(zstd(text));
    auto flipped = gz;
    flipped[flipped.size() - 5] = static_cast<char>(flipped[flipped.size() - 5] ^ 1);
    QTest::newRow("truncated gzip") << "a.csv.gz" << gz.chopped(9) << "is a gzip archive that ends too early: at byte ";
    QTest::newRow("truncated zstd") << "a.csv.zst" << zst.chopped(9)
                                    << "is a zstd archive that ends too early: at byte ";
    QTest::newRow("checksum") << "a.csv.gz" << flipped
                              << "is a gzip archive that is damaged (incorrect data check): at byte ";
    QTest::newRow("garbage behind gzip") << "a.csv.gz" << gz + "more"
                                         << "is damaged (incorrect header check): at byte ";
    QTest::newRow("garbage behind zstd") << "a.csv.zst" << zst + "more!"
                                         << "is damaged (Unknown frame descriptor)";
    QTest::newRow("no archive") << "a.csv.gz" << QByteArray{"account,amount,at\n"} << "does not begin like one";
    QTest::newRow("nothing") << "a.csv.zst" << QByteArray{} << "is named as a zstd archive, but is empty";
  }
  void saysWhereAnArchiveIsDamaged() {
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    QFETCH(QString, said);
    write(path(name.toStdString()), content.toStdString());
    const auto thrown = QString::fromStdString(thrown_by([&] { (void)all_of(setting(name.toStdString())); }));
    QVERIFY2(thrown.contains(said), qPrintable(thrown));
  }

  void refusesAShorterArchive() {
    write(path("a.csv.gz"), gzip("account,amount,at\na,1,1\nb,2,2\nc,3,3\n"));
    text_rig first{setting("a.csv.gz")};
    first.as<>().open(first.ctx());
    (void)first.poll(1, 3);
    const auto position = position_of(first);
    write(path("a.csv.gz"), gzip("account,amount,at\na,1,1\nb,2,2\n"));
    auto joined = lines{};
    const auto thrown = thrown_by([&] { (void)rest_from(setting("a.csv.gz"), position, joined); });
    QVERIFY2(thrown.find("is not the one the snapshot was taken with") != std::string::npos, thrown.c_str());
  }

  void readsWhatAPatternStandsFor() {
    for (const auto* name : {"logs/b.csv", "logs/a.csv", "logs/c.csv.gz", "logs/d.txt", "x[1]/y.csv"}) {
      const auto text = std::string{"account,amount,at\n"} + name + ",1,1\n";
      write(path(name), std::string_view{name}.ends_with(".gz") ? gzip(text) : text);
    }
    std::filesystem::create_directory(path("logs/folder.csv"));
    QCOMPARE(all_of(setting("logs/*.csv")), (lines{"logs/a.csv,1,1", "logs/b.csv,1,1"}));
    // What several match comes once, where it comes first.
    QCOMPARE(all_of(setting("logs/b.csv;*/*.csv;*/*.csv.gz;" + path("x\\[1]/*.csv"))),
             (lines{"logs/b.csv,1,1", "logs/a.csv,1,1", "x[1]/y.csv,1,1", "logs/c.csv.gz,1,1", "x[1]/y.csv,1,1"}));
    auto s = setting("*.csv");
    s.base_folder = path("x[1]");
    QCOMPARE(all_of(s), lines{"x[1]/y.csv,1,1"});
  }

  void sharesAPatternsFilesOutWhateverComesBetween() {
    for (int i = 0; i < 40; ++i)
      write(path("f" + std::to_string(i) + ".csv"), "account,amount,at\n" + std::to_string(i) + ",1,1\n");
    auto s = setting("*.csv");
    s.parallelism = 3;
    lines all;
    for (s.partition = 0; s.partition < 3; ++s.partition) {
      write(path("a-new" + std::to_string(s.partition) + ".csv"), "account,amount,at\n");
      const auto own = all_of(s);
      QVERIFY2(own.size() > 5, std::to_string(own.size()).c_str());
      all.insert(all.end(), own.begin(), own.end());
    }
    std::ranges::sort(all);
    QCOMPARE(std::unique(all.begin(), all.end()), all.end());
    QCOMPARE(all.size(), std::size_t{40});
  }

  void keepsToTheFilesItBeganWith() {
    write(path("b.csv"), "account,amount,at\nb,1,1\nb,2,2\n");
    write(path("d.csv"), "account,amount,at\nd,1,1\n");
    text_rig first{setting("*.csv")};
    first.as<>().open(first.ctx());
    (void)first.poll(1, 1);
    for (const auto* name : {"a.csv", "c.csv"}) write(path(name), "account,amount,at\nnew,1,1\n");
    auto joined = first.output();
    QCOMPARE(rest_from(setting("*.csv"), position_of(first), joined), (lines{"b,1,1", "b,2,2", "d,1,1"}));
    std::filesystem::remove(path("d.csv"));
    const auto thrown = thrown_by([&] { (void)rest_from(setting("*.csv"), position_of(first), joined); });
    QVERIFY2(thrown.find("d.csv' cannot be opened") != std::string::npos, thrown.c_str());
    const auto other = thrown_by([&] { (void)rest_from(setting("b.csv"), position_of(first), joined); });
    QVERIFY2(other.find("with patterns in 'path'") != std::string::npos, other.c_str());
  }

  void wantsAPatternToMatch() {
    const auto thrown = thrown_by([&] { (void)all_of(setting("logs/*.csv")); });
    QCOMPARE(thrown, "no file matches '" + path("logs/*.csv") + "'; check the parameter 'path'");
  }

  void readsItsOtherFormats() {
    write(path("a.log"), "at=5 account=x amount=1.5 more=\"a b\"\n\nat=6 account=y\n");
    auto s = setting("a.log");
    s.params["format"] = "logfmt";
    QCOMPARE(all_of(s), lines{"x,1.5,5"});
    write(path("a.log"), "<13>Feb  5 17:32:18 h sshd[42]: Use it\n");
    s.params = {
        {"path", "a.log"}, {"format", "syslog"}, {"year", 2024}, {"fields", "at:event_time,app:string,message:string"}};
    QCOMPARE(all_of(s), lines{"1707154338000000000,sshd,Use it"});
    write(path("a.log"), "[x] 7\n");
    s.params = {{"path", "a.log"},
                {"format", "regex"},
                {"pattern", R"(\[(?P<a>.*)\] (?P<n>\d+))"},
                {"fields", "n:int64,a:string"}};
    QCOMPARE(all_of(s), lines{"7,x"});
  }
  void checksFormatsAndFields() {
    auto s = setting("a.log.gz");
    QVERIFY(text_rig{s}.problem().find("set 'format' to csv, jsonl, weblog, logfmt, syslog or regex") !=
            std::string::npos);
    s.params["format"] = "regex";
    QVERIFY(text_rig{s}.problem().find("'pattern' is empty") != std::string::npos);
    s.params["pattern"] = "x";
    QVERIFY(text_rig{s}.problem().find("no group 'account'") != std::string::npos);
    s.params["format"] = "csv";
    QVERIFY(text_rig{s}.problem().find("'pattern' needs the format 'regex'") != std::string::npos);
    s.params.erase("pattern");
    s.params["format"] = "syslog";
    QVERIFY(text_rig{s}.problem().find("have no 'account'") != std::string::npos);
  }

private:
  static void add_ends() {
    QTest::addColumn<QString>("end");
    QTest::newRow("gzip") << "gz";
    QTest::newRow("zstd") << "zst";
  }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_->filePath(name.c_str()).toStdString(); }
  [[nodiscard]] text_rig::setting setting(const std::string& files) const {
    return {.id = "millrace.file_source",
            .params = {{"path", files}, {"fields", "account:string,amount:float64,at:event_time"}},
            .base_folder = dir_->path().toStdString()};
  }
  static lines all_of(const text_rig::setting& s) {
    text_rig rig{s};
    if (!rig.problem().empty()) qFatal("%s", rig.problem().c_str());
    rig.as<>().open(rig.ctx());
    if (rig.poll() != poll_result::next::end) qFatal("the input does not end");
    return rig.output();
  }
  static lines& rest_from(const text_rig::setting& s, const std::string& position, lines& joined) {
    text_rig rig{s};
    msgpack::reader in{as_bytes(position)};
    if (!rig.as<producer>().load_position(in)) qFatal("unreadable");
    rig.as<>().open(rig.ctx());
    if (rig.poll() != poll_result::next::end) qFatal("the input does not end");
    for (const auto& line : rig.output()) joined.push_back(line);
    return joined;
  }

  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(file_source_files_test)
#include "file_source_files_test.moc"
