#include <QTest>
#include <memory>
#include <stdexcept>

#include "millrace/persistence/snapshot_store.hpp"
#include "snapshot_store_conformance.hpp"
#include "temporary_folder.hpp"

namespace millrace::tests {

/// The store on disk passes the suite of the port.
class lmdb_snapshot_store_test final : public snapshot_store_conformance {
  Q_OBJECT

  void make_fresh() override {
    store_.reset();
    folder_ = std::make_unique<temporary_folder>();
    restart();
  }
  void restart() override {
    store_.reset();
    auto opened = persistence::open_snapshot_store(folder_->path());
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(opened).value();
  }
  engine::snapshot_store& store() override { return *store_; }

  std::unique_ptr<temporary_folder> folder_;
  std::unique_ptr<engine::snapshot_store> store_;

private slots:
  void cleanupTestCase() { store_.reset(); }
};

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::lmdb_snapshot_store_test)
#include "lmdb_snapshot_store.moc"
