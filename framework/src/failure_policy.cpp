#include "millrace/failure_policy.hpp"

#include <array>

namespace millrace {
namespace {

constexpr std::array all_actions{failure_action::resume, failure_action::retry, failure_action::restart,
                                 failure_action::stop, failure_action::escalate};
constexpr std::array all_scopes{restart_scope::one_for_one, restart_scope::rest_for_one, restart_scope::all_for_one};
constexpr std::array all_hang_actions{hang_action::report, hang_action::rebuild, hang_action::restart};

template <class All, class Choice>
bool find(const All& all, const std::string& text, Choice& out) noexcept {
  for (const auto one : all) {
    if (text != to_string(one)) continue;
    out = one;
    return true;
  }
  return false;
}

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

const char* to_string(restart_scope s) noexcept {
  switch (s) {
    case restart_scope::one_for_one:
      return "one_for_one";
    case restart_scope::rest_for_one:
      return "rest_for_one";
    case restart_scope::all_for_one:
      return "all_for_one";
  }
  return "unknown";
}

const char* to_string(hang_action a) noexcept {
  switch (a) {
    case hang_action::report:
      return "report";
    case hang_action::rebuild:
      return "rebuild";
    case hang_action::restart:
      return "restart";
  }
  return "unknown";
}

bool parse(const std::string& text, failure_action& out) noexcept {
  return find(all_actions, text, out);
}

bool parse(const std::string& text, restart_scope& out) noexcept {
  return find(all_scopes, text, out);
}

bool parse(const std::string& text, hang_action& out) noexcept {
  return find(all_hang_actions, text, out);
}

}  // namespace millrace
