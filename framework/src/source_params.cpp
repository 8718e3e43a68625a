#include "millrace/source_params.hpp"

#include <stdexcept>

namespace millrace {
namespace {

constexpr double day_s = 86'400;
constexpr double year_s = 365 * day_s;

}  // namespace

disorder_param::disorder_param(actor* owner, int initial_ms)
    : ms{owner,
         "disorder",
         initial_ms,
         {.unit = "ms", .min = 0, .max = day_s * 1000, .help = "How far event times may run behind the newest one."}} {}

idle_watch::idle_watch(actor* owner, const std::string& awaited)
    : idle_after_s_{owner,
                    "idle_after",
                    10,
                    {.unit = "s",
                     .min = 0,
                     .max = day_s,
                     .help = "After so long without " + awaited + " event time goes on without this partition."}} {}

poll_result idle_watch::rest(processing_time now, std::chrono::nanoseconds look_again) const {
  return quiet(now) >= std::chrono::seconds{*idle_after_s_} ? poll_result::idle(look_again)
                                                            : poll_result::wait(look_again);
}

quiet_watch::quiet_watch(actor* owner, const std::string& awaited)
    : idle_watch{owner, awaited},
      end_after_s_{owner,
                   "end_after",
                   0,
                   {.unit = "s",
                    .min = 0,
                    .max = year_s,
                    .help = "The input ends after so long without " + awaited + "; 0: never."}} {}

bool quiet_watch::is_over(processing_time now) const noexcept {
  return *end_after_s_ != 0 && quiet(now) >= std::chrono::seconds{*end_after_s_};
}

poll_result quiet_watch::rest(processing_time now, std::chrono::nanoseconds look_again) const {
  return is_over(now) ? poll_result::end() : idle_watch::rest(now, look_again);
}

outage_watch::outage_watch(actor* owner)
    : retry_s_{owner,
               "retry",
               60,
               {.unit = "s",
                .min = 1,
                .max = day_s,
                .help = "How long a server that is away is waited for before the actor fails."}} {}

void outage_watch::away(context& c, const error& why) {
  if (why.kind != error_class::retryable) throw std::runtime_error(why.message);
  if (!since_) {
    since_ = c.now();
    c.log(log_level::warning, why.message + "; trying again");
  }
  if (c.now() - *since_ >= limit()) {
    throw std::runtime_error(why.message + "; given up after " + std::to_string(*retry_s_) + " s ('retry')");
  }
}

}  // namespace millrace
