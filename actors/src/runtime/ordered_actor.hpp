#pragma once

#include <atomic>

#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>

namespace millrace::runtime {

#if defined(__SANITIZE_THREAD__)
/// Says for the thread sanitizer what CAF's mailboxes and scheduler ensure and its packaged library, which has no
/// instrumentation, cannot show: what was done before a message is sent is done before it is handled, and what one
/// message's handler did before that of the next and before the actor's end, whichever threads run them. Everything
/// else stays to be found.
class ordered_actor : public caf::event_based_actor {
public:
  using caf::event_based_actor::enqueue;
  using caf::event_based_actor::event_based_actor;

  ~ordered_actor() override { (void)before_.load(std::memory_order_acquire); }

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* by) override {
    before_.fetch_add(1, std::memory_order_release);
    caf::event_based_actor::enqueue(std::move(message), by);
  }
  caf::invoke_message_result consume(caf::mailbox_element& message) override {
    (void)before_.load(std::memory_order_acquire);
    const auto done = caf::event_based_actor::consume(message);
    before_.fetch_add(1, std::memory_order_release);
    return done;
  }
  bool cleanup(caf::error&& why, caf::execution_unit* by) override {
    const auto done = caf::event_based_actor::cleanup(std::move(why), by);
    before_.fetch_add(1, std::memory_order_release);
    return done;
  }

private:
  std::atomic<unsigned> before_{0};
};
#else
using ordered_actor = caf::event_based_actor;
#endif

}  // namespace millrace::runtime
