#include <QTest>
#include <memory>

#include "event_log_conformance.hpp"
#include "millrace/testing/memory_store.hpp"

namespace millrace::tests {

class memory_event_log_test final : public event_log_conformance {
  Q_OBJECT

  void make_fresh() override { log_ = std::make_unique<testing::memory_event_log>(); }
  void restart() override {}  // the object is the disk
  void damage(std::string_view topic, std::uint32_t partition, engine::log_offset offset) override {
    log_->damage(topic, partition, offset);
  }
  engine::event_log& log() override { return *log_; }

  std::unique_ptr<testing::memory_event_log> log_;
};

}  // namespace millrace::tests

QTEST_APPLESS_MAIN(millrace::tests::memory_event_log_test)
#include "memory_event_log.moc"
