#include "runtime/remote/exchange.hpp"

#include <utility>

#include "runtime/remote/wire.hpp"

namespace millrace::runtime {

void exchange::listen(transport::topology_instance instance, listener l) {
  const std::lock_guard lock{mutex_};
  listeners_[instance] = std::move(l);
}

void exchange::forget(transport::topology_instance instance) {
  const std::lock_guard lock{mutex_};
  listeners_.erase(instance);
}

void exchange::listen_to_strangers(listener l) {
  const std::lock_guard lock{mutex_};
  strangers_ = std::move(l);
}

void exchange::deliver(const std::string& node, bytes_view message) {
  const auto envelope = remote::open_envelope(message);
  if (!envelope) return;  // its sender waits for an answer in vain and says so
  auto kept = std::make_shared<byte_buffer>();
  kept->append(message);
  const std::lock_guard lock{mutex_};
  const auto known = listeners_.find(envelope->head.instance);
  const auto& to = known == listeners_.end() ? strangers_ : known->second;
  if (to.on_message) to.on_message(node, std::move(kept));
}

void exchange::lose(const std::string& node, const std::string& why) {
  const std::lock_guard lock{mutex_};
  for (const auto& [instance, l] : listeners_) {
    if (l.on_lost) l.on_lost(node, why);
  }
  if (strangers_.on_lost) strangers_.on_lost(node, why);
}

}  // namespace millrace::runtime
