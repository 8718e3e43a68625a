#pragma once

#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "trial_actors.hpp"

namespace trial {

/// Alerts when an account has `limit` payments within a window of 20 ms.
class velocity final : public millrace::processor {
public:
  millrace::in<payment> payments{this, "in", &velocity::on_payment, {.key = &payment::account}};
  millrace::out<alert> alerts{this, "out"};
  millrace::keyed_value<std::int64_t> cents{this, "cents"};
  millrace::map<std::int64_t, std::int64_t> counts{this, "counts"};  // by window
  millrace::timer close{this, "close", &velocity::on_close};
  millrace::param<std::int64_t> limit{this, "limit", 3, {.unit = "payments", .min = 1, .live = true}};
  millrace::param<std::int64_t> fails_at{this, "fails_at", -1};

  void on_payment(millrace::context& c, const payment& p);
  void on_close(millrace::context& c, millrace::event_time at);
};

}  // namespace trial
