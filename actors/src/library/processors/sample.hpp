#pragma once

#include <string>
#include <vector>

#include "library/processors/key_fields.hpp"
#include "millrace/partition_state.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Lets a share of a stream pass. By `key` all events of a key pass or none, the same keys in every run, partition and
/// topology with the same seed; `every` takes each nth event, `random` draws for each event. Where the last two stand
/// is part of the snapshot, so that a recovery goes on as it would have.
class sample final : public processor {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;

private:
  enum class method : unsigned char { key, every, random };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] bool takes(const record_view& record);
  [[nodiscard]] bool takes_key(const record_view& record);

  in<record_view> in_{this, "in", &sample::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> rest_{this, "rest", {.optional = true}};
  partition_value<std::uint64_t> place_{this, "place"};  ///< events since the last one taken, or the random state
  partition_value<bool> has_begun_{this, "has_begun"};
  param<std::string> by_{this,
                         "by",
                         "random",
                         {.choices = {"key", "every", "random"},
                          .help = "key: the same keys every time; every: each nth event; random: drawn by chance."}};
  param<double> fraction_{
      this, "fraction", 0.1, {.min = 0, .max = 1, .live = true, .help = "The share that passes, by key and random."}};
  param<std::uint64_t> every_{
      this,
      "every",
      10,
      {.unit = "events", .min = 1, .max = 1e15, .live = true, .help = "One of so many events passes, by every."}};
  param<std::string> key_{this, "key", "", {.help = "The key's fields, separated by commas; by key."}};
  param<std::uint64_t> seed_{this, "seed", 1, {.min = 0, .max = 1e15, .help = "Another seed takes others."}};

  method how_ = method::random;
  key_fields fields_;
  byte_buffer scratch_;
};

}  // namespace millrace::library
