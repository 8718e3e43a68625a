#pragma once

#include "library/processors/windowed.hpp"
#include "millrace/count_windows.hpp"

namespace millrace::library {

/// Windows of so many events each over a stream, by key.
class count_window final : public windowed {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record) override;

  count_windows<window_row> windows_{this, "window", &count_window::on_result};
  param<std::int64_t> events_{
      this,
      "events",
      0,
      {.unit = "events", .min = 1, .max = 1'000'000'000, .required = true, .help = "Events of a key a window holds."}};
  param<std::int64_t> slide_{this,
                             "slide",
                             0,
                             {.unit = "events",
                              .min = 0,
                              .max = 1'000'000'000,
                              .help = "A window begins every so many events; 0: as 'events', side by side."}};
  param<std::string> idle_{this,
                           "idle",
                           "0s",
                           {.help = "A key without events for so long is over, e.g. 1h: what it holds comes as "
                                    "'incomplete'. 0s: when the input ends."}};
};

}  // namespace millrace::library
