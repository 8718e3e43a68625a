#pragma once

#include <string>

#include "library/processors/key_fields.hpp"
#include "millrace/param.hpp"
#include "millrace/window.hpp"

namespace millrace::library {

/// What is the same in all records that windows make: the key fields, `window_start`, `window_end` (the record's event
/// time), and behind the columns `firing`.
class window_frame {
public:
  /// Adds the columns in front. Errors: no event time, and those of key_fields.
  [[nodiscard]] result<void> find(const schema& arriving, const std::string& key, schema& made);
  /// Adds the column at the end. Error: there is one of that name.
  [[nodiscard]] static result<void> close(schema& made);

  /// Begins a row. Returns the number of the first field behind the columns in front.
  [[nodiscard]] std::uint32_t begin(dynamic_builder& row, bytes_view key, const time_window& w) const;
  /// Sets the column at the end, `field`.
  static void end(dynamic_builder& row, std::uint32_t field, window_firing why);

  [[nodiscard]] const key_fields& key() const noexcept { return key_; }
  /// False: the record has no event time.
  [[nodiscard]] bool read_time(const record_view& record, event_time& at) const noexcept;

private:
  key_fields key_;
  std::uint32_t time_index_ = 0;
};

/// The parameters of windows of one size: `size`, `slide` and `allowed_lateness`.
struct window_params {
  explicit window_params(actor* owner);

  /// Errors name the parameter.
  [[nodiscard]] result<window_spec> spec() const;

  param<std::string> size;
  param<std::string> slide;
  param<std::string> lateness;
};

}  // namespace millrace::library
