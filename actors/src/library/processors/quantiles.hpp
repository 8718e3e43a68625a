#pragma once

#include <string>
#include <vector>

#include "library/processors/quantile_sketch.hpp"
#include "library/processors/window_frame.hpp"
#include "millrace/port.hpp"
#include "millrace/windows.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Estimates quantiles of a number by key in windows of event time; see quantile_sketch for the error. Events whose
/// value is null, NaN or infinite are left out.
class quantiles final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);
  void on_result(context& c, const window_result<quantile_sketch>& r);
  [[nodiscard]] result<void> add_columns(schema& made);

  in<record_view> in_{this, "in", &quantiles::on_record, {.mergeable = true}};
  out<record_view> out_{this, "out"};
  windows<quantile_sketch> windows_{this, "quantiles", &quantiles::on_result};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> value_{this, "value", "", {.required = true, .help = "The numeric field."}};
  param<std::string> quantiles_{
      this,
      "quantiles",
      "0.5,0.95,0.99",
      {.help = "Quantiles from 0 to 1, separated by commas; 0.5 is the median and becomes the column p50."}};
  window_params shape_{this};
  param<double> accuracy_{this,
                          "accuracy",
                          0.01,
                          {.min = 0.002, .max = 0.2, .help = "Largest error of a result, as a share of its value."}};

  window_frame frame_;
  std::vector<double> columns_;
  std::uint32_t value_index_ = 0;
};

}  // namespace millrace::library
