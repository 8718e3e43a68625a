#pragma once

#include <string>
#include <vector>

#include "library/processors/ranked.hpp"
#include "millrace/state.hpp"

namespace millrace::library {

/// The items of a group that came most often so far, or whose numbers sum up to most: the whole ranking each time that
/// its items or their order change.
class running_top_k final : public ranked {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record) override;
  [[nodiscard]] std::vector<std::string> shown_after(const std::string& item, double added) const;
  void emit_shown(event_time at);

  map<std::string, double> totals_{this, "totals"};
  list<std::string> shown_{this, "shown"};  ///< items in the order last emitted

  key_fields keys_;
  std::uint32_t time_index_ = 0;
};

}  // namespace millrace::library
