#pragma once

#include <cstdint>
#include <string>

#include "millrace/error.hpp"
#include "nexmark/event_maker.hpp"
#include "nexmark/event_reader.hpp"

namespace millrace::nexmark {

/// What a stream of events is made or read from.
struct feed_options {
  stream_options stream;
  std::uint64_t count = 0;  ///< 0: all of the input
  std::string input;        ///< empty: events are made
};

/// The events one after the other, for programs without a topology. Thread: one owner.
class event_feed {
public:
  explicit event_feed(const feed_options& o) : options_{o}, maker_{o.stream} {}
  /// Errors: the input cannot be opened.
  [[nodiscard]] result<void> open();
  /// False at the end, or at a line that is no event: then `problem` says so. Overwrites `out`.
  [[nodiscard]] bool next(event& out);
  [[nodiscard]] std::uint64_t events() const noexcept { return next_; }
  [[nodiscard]] const result<void>& problem() const noexcept { return problem_; }

private:
  feed_options options_;
  event_maker maker_;
  event_reader reader_;
  result<void> problem_;
  std::uint64_t next_ = 0;
};

}  // namespace millrace::nexmark
