#include "millrace/failure_policy.hpp"

#include <array>

namespace millrace {
namespace {

constexpr std::array all_actions{failure_action::resume, failure_action::retry, failure_action::restart,
                                 failure_action::stop, failure_action::escalate};

}  // namespace

const char* to_string(failure_action a) noexcept {
  switch (a) {
    case failure_action::resume:
      return "resume";
    case failure_action::retry:
      return "retry";
    case failure_action::restart:
      return "restart";
    case failure_action::stop:
      return "stop";
    case failure_action::escalate:
      return "escalate";
  }
  return "unknown";
}

bool parse(const std::string& text, failure_action& out) noexcept {
  for (const auto action : all_actions) {
    if (text != to_string(action)) continue;
    out = action;
    return true;
  }
  return false;
}

}  // namespace millrace
