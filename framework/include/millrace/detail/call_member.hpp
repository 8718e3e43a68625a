#pragma once

#include <utility>

namespace millrace::detail {

/// Calls a member function whose pointer is itself a member of the caller. The copies are for GCC 12: with
/// `(owner_->*handler_)(…)` on members its UBSan looks for the object at an address that is none of the operands'.
template <class Owner, class Function, class... Args>
void call_member(Owner* owner, Function function, Args&&... args) {
  (owner->*function)(std::forward<Args>(args)...);
}

}  // namespace millrace::detail
