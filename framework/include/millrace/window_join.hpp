#pragma once

#include <string>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/join.hpp"
#include "millrace/windows.hpp"

namespace millrace {

/// What a window of a join collects: the records of both sides.
template <class Left, class Right>
struct joined_window {
  std::vector<Left> left;
  std::vector<Right> right;

  void merge(const joined_window& o) {
    left.insert(left.end(), o.left.begin(), o.left.end());
    right.insert(right.end(), o.right.begin(), o.right.end());
  }
};

template <class Left, class Right>
struct codec<joined_window<Left, Right>> {
  static field_type type() { return codec<std::vector<Left>>::type(); }
  static void encode(msgpack::writer& w, const joined_window<Left, Right>& in) {
    w.array(2);
    codec<std::vector<Left>>::encode(w, in.left);
    codec<std::vector<Right>>::encode(w, in.right);
  }
  static bool decode(msgpack::reader& r, joined_window<Left, Right>& out) {
    std::uint32_t n = 0;
    return r.array(n) && n == 2 && codec<std::vector<Left>>::decode(r, out.left) &&
           codec<std::vector<Right>>::decode(r, out.right);
  }
};

/// Windows for a join: `windows<joined_window<Person, Auction>>`, whose handler calls `each_pair`.
///
/// Calls `f(const Left*, const Right*)` for each pair of the window; records of a side that is empty opposite come with
/// nullptr when `kind` keeps them.
template <class Left, class Right, class F>
void each_pair(const joined_window<Left, Right>& w, join_kind kind, F&& f) {
  for (const auto& l : w.left) {
    for (const auto& r : w.right) f(&l, &r);
  }
  const bool keeps_left = kind == join_kind::left || kind == join_kind::outer;
  const bool keeps_right = kind == join_kind::right || kind == join_kind::outer;
  if (w.right.empty() && keeps_left) {
    for (const auto& l : w.left) f(&l, static_cast<const Right*>(nullptr));
  }
  if (w.left.empty() && keeps_right) {
    for (const auto& r : w.right) f(static_cast<const Left*>(nullptr), &r);
  }
}

}  // namespace millrace
