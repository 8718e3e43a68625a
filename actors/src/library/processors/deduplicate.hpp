#pragma once

#include <optional>
#include <string>

#include "library/processors/key_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/state.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Lets the first event of a key pass, and holds back those that follow within a time to live. By event time this is
/// the same in every run that brings a key's events in the same order. Memory: the row of each key that is remembered.
class deduplicate final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);

  in<record_view> in_{this, "in", &deduplicate::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> duplicates_{this, "duplicates", {.optional = true}};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> ttl_{
      this, "ttl", "", {.required = true, .help = "How long a key is remembered, e.g. 10m; 0s: for ever."}};
  param<std::string> clock_{
      this,
      "clock",
      "event",
      {.choices = {"event", "processing"},
       .help = "event: the time to live runs by the events' own time; processing: by the clock."}};
  param<bool> refresh_{this, "refresh", false, {.help = "A duplicate starts its key's time to live anew."}};

  std::optional<keyed_value<bool>> seen_;  ///< made in configure, which knows the time to live
};

}  // namespace millrace::library
