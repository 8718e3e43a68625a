#include <QTest>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "event_log_conformance.hpp"
#include "file_damage.hpp"
#include "millrace/persistence/event_log.hpp"
#include "temporary_folder.hpp"

namespace millrace::tests {

/// The log on disk passes the suite of the port, and says what is wrong with a folder it cannot use.
class lmdb_event_log_test final : public event_log_conformance {
  Q_OBJECT

  void make_fresh() override {
    log_.reset();
    folder_ = std::make_unique<temporary_folder>();
    restart();
  }
  void restart() override {
    log_.reset();
    auto opened = persistence::open_event_log(folder_->path());
    if (!opened) throw std::runtime_error(opened.error().message);
    log_ = std::move(opened).value();
  }
  void damage(std::string_view, std::uint32_t, engine::log_offset) override {
    log_.reset();
    if (flip_after(data_file(), "entry that will be damaged", 3) == 0) throw std::runtime_error("nothing to damage");
    restart();
  }
  engine::event_log& log() override { return *log_; }

  [[nodiscard]] std::filesystem::path data_file() const { return folder_->path() / "log" / "data.mdb"; }

  std::unique_ptr<temporary_folder> folder_;
  std::unique_ptr<engine::event_log> log_;

private slots:
  void cleanupTestCase() { log_.reset(); }
  void trimsDamagedEntriesToo();
  void reportsATruncatedFileInsteadOfDying();
  void keepsItsFolderToOneProcess();
};

void lmdb_event_log_test::trimsDamagedEntriesToo() {
  const std::string text = "entry that will be damaged";
  for (int round = 0; round < 3; ++round) QVERIFY(log_->append("trades", 0, bytes_of(text), 2).has_value());
  damage("trades", 0, {});
  QVERIFY(log_->read("trades", 0, {}, 1'000).error().code == errc::corrupt);
  QCOMPARE(log_->trim("trades", 0, engine::log_offset{5}).value().value, std::uint64_t{4});
  QCOMPARE(log_->extent("trades", 0).value().head.value, std::uint64_t{4});
}

void lmdb_event_log_test::reportsATruncatedFileInsteadOfDying() {
  const std::string large(1'000'000, 'x');
  QVERIFY(log_->append("trades", 0, bytes_of(large), 2).has_value());
  log_.reset();
  std::filesystem::resize_file(data_file(), std::filesystem::file_size(data_file()) / 2);
  const auto opened = persistence::open_event_log(folder_->path());
  QVERIFY(!opened);
  QVERIFY(opened.error().code == errc::corrupt);
  QVERIFY(opened.error().message.find("truncated") != std::string::npos);
}

void lmdb_event_log_test::keepsItsFolderToOneProcess() {
  const auto second = persistence::open_event_log(folder_->path());
  QVERIFY(!second);
  QVERIFY(second.error().code == errc::in_use);
}

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::lmdb_event_log_test)
#include "lmdb_event_log.moc"
