#pragma once

#include <string>

#include "library/processors/key_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What a key's field was; values in canonical form.
struct change_row {
  std::string value;                      ///< as it is now
  std::string told;                       ///< as it was last emitted; empty: not yet
  event_time newest = event_time::min();  ///< of the newest event
};
MILLRACE_RECORD(change_row, 1, value, told, newest)

/// Tells when a field of a key changes, has moved by more than so much since it was last told, or has stayed the same
/// for so long. The first value is told, too, with no previous one. Events older than the newest of their key, and NaN,
/// are left out; where time decides, late events are, too.
class change final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);
  void on_stable(context& c, event_time deadline);
  void tell_stable(event_time before);
  void tell_if_other(event_time at);
  [[nodiscard]] bool has_moved(const change_row& row, const value& v) const;
  void tell(const std::string& value, event_time at);

  in<record_view> in_{this, "in", &change::on_record};
  out<record_view> out_{this, "out"};
  keyed_value<change_row> row_{this, "change"};
  timer stable_{this, "stable", &change::on_stable};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> field_{this, "field", "", {.required = true, .help = "The field to watch."}};
  param<double> by_{
      this,
      "by",
      0,
      {.min = 0, .max = 1e300, .help = "Tell when a number has moved by more than this; 0: at any change."}};
  param<std::string> for_{
      this, "for", "0s", {.help = "Tell when the value has been the same for so long, e.g. 30s; 0s: at once."}};

  key_fields keys_;
  field_type type_;
  std::uint32_t value_index_ = 0;
  std::uint32_t time_index_ = 0;
  std::int64_t for_ns_ = 0;
};

}  // namespace millrace::library
