// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

/// Puts the kernel's files into a folder, as they are after `seconds`.
void write_proc(const std::filesystem::path& root, int seconds) {
  const auto n = [&](int per_second) { return std::to_string(1000 + seconds * per_second); };
  std::filesystem::create_directories(root / "net");
  std::ofstream{root / "stat"} << "cpu  " << n(20) << " 0 " << n(5) << ' ' << n(70) << ' ' << n(5) << " 0 0 0 0 0\n"
                               << "cpu0 " << n(60) << " 0 0 " << n(40) << " 0 0 0 0 0 0\nintr 1 2\nctxt 5\n";
  std::ofstream{root / "meminfo"} << "MemTotal:  4000 kB\nMemFree: 1 kB\nMemAvailable:  " << 3000 - seconds
                                  << " kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n";
  std::ofstream{root / "diskstats"} << "   7 0 loop0 1 1 1 1 1 1 1 1 0 0 0\n"
                                    << " 254 0 vda 9 9 " << n(2) << " 9 9 9 " << n(4) << " 9 0 0 0\n"
                                    << " 254 1 vda1 9 9 " << n(2) << " 9 9 9 " << n(4) << " 9 0 0 0\n";
  std::ofstream{root / "net" / "dev"} << "Inter-|   Receive\n face |bytes packets\n"
                                      << "    lo: " << n(100) << " 1 0 0 0 0 0 0 " << n(300) << " 1 0 0 0 0 0 0\n";
}

}  // namespace

class host_telemetry_test : public QObject {
  Q_OBJECT
private slots:
  void init() { dir_ = std::make_unique<QTemporaryDir>(); }

  void readsTheKernelsFiles() {
    auto rig = rig_on(dir_->path().toStdString(), 1);
    write_proc(dir_->path().toStdString(), 0);
    rig->as<>().open(rig->ctx());
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QCOMPARE(rig->last_poll().after.count(), 1'000'000'000);
    write_proc(dir_->path().toStdString(), 2);
    rig->ctx().time.ns += 2'000'000'000;
    QCOMPARE(rig->poll(), poll_result::next::end);
    QCOMPARE(rig->output(),
             (lines{"cpu.total,25,%,1002000000000", "cpu.0,60,%,1002000000000", "mem.used,1026048,B,1002000000000",
                    "mem.available,3069952,B,1002000000000", "swap.used,0,B,1002000000000",
                    "disk.vda.read,1024,B/s,1002000000000", "disk.vda.write,2048,B/s,1002000000000",
                    "net.lo.rx,100,B/s,1002000000000", "net.lo.tx,300,B/s,1002000000000"}));
    QCOMPARE(rig->as<producer>().replays(), replay::live);
  }

  void isLoggedWhenAskedTo() {
    text_rig rig{{.id = "millrace.host_telemetry", .params = {{"root", dir_->path().toStdString()}, {"logged", true}}}};
    QCOMPARE(rig.as<producer>().replays(), replay::logged);
  }

  void saysOnceWhatIsMissing() {
    auto rig = rig_on(dir_->path().toStdString(), 2);
    rig->as<>().open(rig->ctx());
    rig->ctx().time.ns += 5'000'000'000;
    (void)rig->poll();
    rig->ctx().time.ns += 5'000'000'000;
    QCOMPARE(rig->poll(), poll_result::next::end);
    QCOMPARE(rig->output(), lines{});
    QCOMPARE(rig->ctx().lines.size(), std::size_t{4});
    QVERIFY(rig->ctx().lines.front().find("/stat: its sensors are left out") != std::string::npos);
  }

  void leavesOutACounterThatWasReset() {
    write_proc(dir_->path().toStdString(), 5);
    auto rig = rig_on(dir_->path().toStdString(), 1);
    rig->as<>().open(rig->ctx());
    write_proc(dir_->path().toStdString(), 0);
    rig->ctx().time.ns += 1'000'000'000;
    (void)rig->poll();
    for (const auto& line : rig->output())
      QVERIFY2(line.starts_with("mem.") || line.starts_with("swap."), line.c_str());
  }

  void readsThisMachine() {
    auto rig = rig_on("/proc", 1);
    rig->as<>().open(rig->ctx());
    rig->ctx().time.ns += 1'000'000'000;
    QCOMPARE(rig->poll(), poll_result::next::end);
    QVERIFY(!rig->output().empty());
  }

  void otherPartitionsHaveNothingToDo() {
    text_rig rig{{.id = "millrace.host_telemetry", .partition = 1, .parallelism = 2}};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
  }

private:
  static std::unique_ptr<text_rig> rig_on(const std::string& root, std::int64_t count) {
    return std::make_unique<text_rig>(
        text_rig::setting{.id = "millrace.host_telemetry", .params = {{"root", root}, {"count", count}}});
  }
  std::unique_ptr<QTemporaryDir> dir_;
};

QTEST_APPLESS_MAIN(host_telemetry_test)
#include "host_telemetry_test.moc"
