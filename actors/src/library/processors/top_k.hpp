#pragma once

#include <map>
#include <string>

#include "library/processors/ranked.hpp"
#include "library/processors/window_frame.hpp"
#include "millrace/windows.hpp"

namespace millrace::library {

/// What each item of a group came to, by the item in canonical form.
struct item_totals {
  std::map<std::string, double> totals;

  void merge(const item_totals& o);
};
MILLRACE_RECORD(item_totals, 1, totals)

/// The items of a group that came most often, or whose numbers sum up to most, in windows of event time.
class top_k final : public ranked {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record) override;
  void on_result(context& c, const window_result<item_totals>& r);

  windows<item_totals> windows_{this, "top", &top_k::on_result};
  window_params shape_{this};
  window_frame frame_;
};

}  // namespace millrace::library
