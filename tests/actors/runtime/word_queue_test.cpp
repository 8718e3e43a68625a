#include "runtime/remote/word_queue.hpp"

#include <QtTest>

#include <string>
#include <vector>

using namespace millrace;
using runtime::exchange;
using runtime::remote::word_queue;

namespace {

/// A way to one node that has room for so many messages.
class narrow_way final : public exchange {
public:
  std::size_t room = 0;
  std::string heard;

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] result<void> send(const std::string&, bytes_view message, urgency) override {
    if (message.size() > 1) return fatal_error(errc::limit_exceeded, "too large for any message");
    if (room == 0) return retryable_error(errc::unavailable, "no room");
    --room;
    heard += static_cast<char>(message[0]);
    return {};
  }
  [[nodiscard]] bool is_reachable(const std::string&) const override { return true; }
  [[nodiscard]] result<std::unique_ptr<engine::channel_sender>> open_sender(
      const std::string&, transport::topology_instance, const engine::plan_channel&, generation,
      std::shared_ptr<engine::doorbell>) override {
    return fatal_error(errc::failed, "no channels here");
  }
  [[nodiscard]] result<std::unique_ptr<engine::channel_receiver>> open_receiver(
      const std::string&, transport::topology_instance, const engine::plan_channel&, generation,
      std::shared_ptr<engine::doorbell>) override {
    return fatal_error(errc::failed, "no channels here");
  }

private:
  std::string name_ = "here";
};

byte_buffer word(const std::string& text) {
  byte_buffer out;
  out.append(bytes_view{reinterpret_cast<const std::byte*>(text.data()), text.size()});
  return out;
}

}  // namespace

class word_queue_test : public QObject {
  Q_OBJECT
private slots:
  void aWordThatFindsNoRoomIsSaidLaterAndInOrder() {
    narrow_way way;
    word_queue q{way, "lead", 10};
    way.room = 1;
    QVERIFY(q.say(word("a")) && q.say(word("b")));
    QVERIFY(q.is_waiting());
    way.room = 1;
    QVERIFY2(q.say(word("c")), "behind the one that waits");
    QCOMPARE(way.heard, std::string{"a"});
    QVERIFY(!q.send_waiting());
    way.room = 5;
    QVERIFY(q.send_waiting());
    QCOMPARE(way.heard, std::string{"abc"});
    QVERIFY(!q.is_waiting());
  }

  void itsMemoryIsBounded() {
    narrow_way way;
    word_queue q{way, "lead", 2};
    QVERIFY(q.say(word("a")) && q.say(word("b")));
    QVERIFY(!q.say(word("c")));
  }

  void whatCanNeverBeSaidHoldsUpNothing() {
    narrow_way way;
    word_queue q{way, "lead", 2};
    way.room = 1;
    QVERIFY(q.say(word("too long")) && q.say(word("a")));
    QCOMPARE(way.heard, std::string{"a"});
  }
};

QTEST_APPLESS_MAIN(word_queue_test)
#include "word_queue_test.moc"
