#include "node/access/door_trial.hpp"

#include <chrono>
#include <utility>

namespace millrace::node {

namespace {

// No name of a key has a blank in it.
const char* const trial_name = "the node's own trial";
// It takes some milliseconds; only a machine that stands still needs more.
constexpr std::chrono::seconds patience{20};

}  // namespace

std::optional<std::string> door_trial::admit(const std::string& public_key) const {
  const std::lock_guard lock{mutex_};
  if (key_.empty() || public_key != key_) return std::nullopt;
  return trial_name;
}

bool door_trial::is_own(const transport::control_caller& who) {
  return who.key == trial_name;
}

bool door_trial::is_stranger(const std::string& public_key) const {
  const std::lock_guard lock{mutex_};
  return !strange_key_.empty() && public_key == strange_key_;
}

void door_trial::know(std::string own, std::string strange) {
  const std::lock_guard lock{mutex_};
  key_ = std::move(own);
  strange_key_ = std::move(strange);
}

result<void> door_trial::run(transport::zmq_context& context, const transport::door& at) {
  const auto keys = transport::make_curve_keys();
  if (!keys) return keys.error();
  const auto strange = transport::make_curve_keys();
  if (!strange) return strange.error();
  know(keys->public_key, strange->public_key);
  auto held = transport::check_door(context, at, *keys, *strange, patience);
  know({}, {});
  return held;
}

}  // namespace millrace::node
