#include <QTest>

#include "millrace/testing/memory_store.hpp"
#include "snapshot_store_conformance.hpp"

namespace millrace::tests {

/// The reference store passes the suite, and plays the accidents the simulation asks of it.
class memory_snapshot_store_test final : public snapshot_store_conformance {
  Q_OBJECT

  void make_fresh() override { store_ = std::make_unique<testing::memory_snapshot_store>(); }
  void restart() override { store_->crash(); }
  engine::snapshot_store& store() override { return *store_; }

  std::unique_ptr<testing::memory_snapshot_store> store_;

private slots:
  void fallsBackAfterDamageOnlyWhenAskedTo();
  void losesAWriterInACrash();
};

void memory_snapshot_store_test::fallsBackAfterDamageOnlyWhenAskedTo() {
  const model state{{"actor/0", {{"page"}, "meta"}}};
  const auto now = *store_->next_generation();
  const auto good = commit_all(*store_, now, state);
  const auto lost = commit_all(*store_, now, state);
  store_->damage_newest();
  QVERIFY(!store_->list().front().is_ok);
  QVERIFY(store_->open(lost).error().code == errc::corrupt);
  QVERIFY(store_->begin(*store_->next_epoch(), now).error().code == errc::corrupt);
  QCOMPARE(store_->ledger()->back().epoch.value, lost.value);
  QVERIFY(store_->discard(lost).has_value());
  QVERIFY(contents(*store_, good) == state);
  QVERIFY(contents(*store_, commit_all(*store_, now, state)) == state);
}

void memory_snapshot_store_test::losesAWriterInACrash() {
  const auto now = *store_->next_generation();
  const auto epoch = *store_->next_epoch();
  const auto writer = std::move(store_->begin(epoch, now)).value();
  store_->crash();
  QVERIFY(writer->commit({epoch, now, {}, {}}).error().code == errc::fenced);
  QVERIFY(store_->list().empty());
}

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::memory_snapshot_store_test)
#include "memory_snapshot_store.moc"
