#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/control_server.hpp"
#include "millrace/transport/door_check.hpp"

namespace millrace::node {

/// A node tries its own door before it says that it is ready: with no key, with a stranger's, and with one that it
/// knows for just this long and by which nothing may be asked. Thread: `run` one, the rest any.
class door_trial {
public:
  /// What the key is known by while the trial lasts; nothing: it is none of the trial's.
  [[nodiscard]] std::optional<std::string> admit(const std::string& public_key) const;
  /// It must not be known, and is not to be written down as one that was refused.
  [[nodiscard]] bool is_stranger(const std::string& public_key) const;
  [[nodiscard]] static bool is_own(const transport::control_caller& who);
  /// Errors: those of `check_door`.
  [[nodiscard]] result<void> run(transport::zmq_context& context, const transport::door& at);

private:
  void know(std::string own, std::string strange);

  mutable std::mutex mutex_;
  std::string key_;  // empty: there is no trial now
  std::string strange_key_;
};

}  // namespace millrace::node
