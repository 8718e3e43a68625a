#pragma once

#include <string>

#include "library/processors/hyper_log_log.hpp"
#include "library/processors/window_frame.hpp"
#include "millrace/port.hpp"
#include "millrace/windows.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Estimates how many different values a field, or a combination of fields, has by key in windows of event time; see
/// hyper_log_log for the error. Events in which a field is null are left out.
class distinct final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);
  void on_result(context& c, const window_result<hyper_log_log>& r);

  in<record_view> in_{this, "in", &distinct::on_record, {.mergeable = true}};
  out<record_view> out_{this, "out"};
  windows<hyper_log_log> windows_{this, "distinct", &distinct::on_result};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> value_{
      this, "value", "", {.required = true, .help = "The fields whose different values count, separated by commas."}};
  window_params shape_{this};
  param<std::int64_t> precision_{
      this,
      "precision",
      12,
      {.min = hyper_log_log::precision_min,
       .max = hyper_log_log::precision_max,
       .help = "A key and window takes 2^precision bytes and errs by 1.04/sqrt of that: 12 by 1.6 %."}};

  window_frame frame_;
  key_fields values_;
  byte_buffer scratch_;
};

}  // namespace millrace::library
