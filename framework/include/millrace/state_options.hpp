#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/engine/keyed_state.hpp"

namespace millrace {

namespace engine {

/// How a state's type is written down in snapshots, to read or refuse what an older version wrote.
template <class T>
std::string type_text() {
  return to_text(codec<T>::type());
}

}  // namespace engine

/// Made by `from<Old>(convert)`: how a value of an older type becomes one of the present type.
template <class Old, class Convert>
struct migration {
  Convert convert;
};

/// `{.migrate = from<OldTotals>([](const OldTotals& o) { return Totals{o.sum, 1}; })}`. Must depend on its argument
/// alone.
template <class Old, class Convert>
[[nodiscard]] migration<Old, Convert> from(Convert convert) {
  return {std::move(convert)};
}

/// The older types a state can be read from; one `from<Old>(…)` or several in braces.
template <class T>
class migrations {
public:
  /// Reads a value of an older type from a snapshot as a `T`.
  struct reader {
    std::string type;
    std::function<bool(msgpack::reader&, T&)> decode;
  };

  migrations() noexcept {}  // NOLINT: not defaulted, or GCC 12 stumbles over it as a default member initializer
  template <class... Old, class... Convert>
  requires(sizeof...(Old) >= 1) migrations(migration<Old, Convert>... one)  // NOLINT: implicit by intent
  {
    (add<Old>(std::move(one.convert)), ...);
  }
  [[nodiscard]] const std::vector<reader>& readers() const noexcept { return readers_; }

private:
  template <class Old, class Convert>
  void add(Convert convert) {
    readers_.push_back({engine::type_text<Old>(), [convert = std::move(convert)](msgpack::reader& in, T& out) {
                          Old old{};
                          if (!codec<Old>::decode(in, old)) return false;
                          out = convert(std::as_const(old));
                          return true;
                        }});
  }
  std::vector<reader> readers_;
};

/// How long a state lives and what older versions of it look like. Of lists and maps `T` is the element.
///
/// A state with a time to live takes two of the 32 cells of a row, and 8 bytes for each key and 4 for finding what
/// has expired. What has expired is invisible at once; its memory is given back a few rows a step, at most 1/64 of the
/// time to live later.
template <class T>
struct state_options {
  std::chrono::nanoseconds ttl{};  ///< 0: for ever
  ttl_update update_on = ttl_update::write;
  ttl_clock clock = ttl_clock::event_time;
  migrations<T> migrate{};
};

}  // namespace millrace
