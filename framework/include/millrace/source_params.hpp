#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "millrace/context.hpp"
#include "millrace/error.hpp"
#include "millrace/param.hpp"
#include "millrace/producer.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// Parameter `disorder` of a source whose records have event times.
struct disorder_param {
  explicit disorder_param(actor* owner, int initial_ms = 0);

  /// What `producer::disorder` returns.
  [[nodiscard]] std::chrono::nanoseconds allowed() const noexcept { return std::chrono::milliseconds{*ms}; }

  param<int> ms;
};

/// Parameter `idle_after` of a source that waits for more: from when on its quiet holds event time up no longer.
/// `awaited` is for the help: "a message". Thread: the owning task's.
class idle_watch {
public:
  idle_watch(actor* owner, const std::string& awaited);

  /// Something came, or the source begins.
  void heard(processing_time now) noexcept { last_ = now; }
  /// How long nothing came.
  [[nodiscard]] std::chrono::nanoseconds quiet(processing_time now) const noexcept { return now - last_; }
  /// What `poll` returns while nothing is there; it is to be asked again after `look_again`.
  [[nodiscard]] poll_result rest(processing_time now, std::chrono::nanoseconds look_again) const;

private:
  param<int> idle_after_s_;
  processing_time last_{};
};

/// `idle_after` and `end_after`: quiet that lasts can end the input as well.
class quiet_watch : public idle_watch {
public:
  quiet_watch(actor* owner, const std::string& awaited);

  [[nodiscard]] bool is_over(processing_time now) const noexcept;
  /// As above, and the end when it is over.
  [[nodiscard]] poll_result rest(processing_time now, std::chrono::nanoseconds look_again) const;

private:
  param<int> end_after_s_;
};

/// Parameter `retry`: an outside system that is away is waited for, said once, and given up in the end.
/// Thread: the owning task's.
class outage_watch {
public:
  explicit outage_watch(actor* owner);

  /// It is away, for this reason. Throws std::runtime_error when that is not to be tried again, or after `retry`.
  void away(context& c, const error& why);
  void back() noexcept { since_.reset(); }
  [[nodiscard]] bool is_away() const noexcept { return since_.has_value(); }
  [[nodiscard]] std::chrono::seconds limit() const noexcept { return std::chrono::seconds{*retry_s_}; }

private:
  param<int> retry_s_;
  std::optional<processing_time> since_;
};

}  // namespace millrace
