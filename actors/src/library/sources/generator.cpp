#include "library/sources/generator.hpp"

#include <algorithm>
#include <charconv>

#include "millrace/text/time_text.hpp"

namespace millrace::library {

namespace {

/// Fields in the order of the schema.
enum field_index : std::uint32_t { key_field, value_field, number_field, at_field, payload_field };

constexpr std::string_view key_prefix = "key-";

/// Spreads seeds and numbers that lie side by side, so that neighbouring events have nothing in common.
std::uint64_t stream_of(std::uint64_t seed, std::uint64_t number) noexcept {
  random_source seeds{seed};
  return random_source{seeds() ^ (number * 0xd1342543de82ef95ULL)}();
}

}  // namespace

result<void> generator::configure(wiring&) {
  const auto start = parse_event_time(*start_);
  if (!start) {
    return user_error(errc::invalid_argument,
                      "parameter 'start' is '" + *start_ + "': give a time such as 2026-01-01T00:00:00Z");
  }
  first_ = *start;
  std::string fields = *key_type_ == "int" ? "key:int64" : "key:string";
  fields += ",value:float64,number:uint64,at:event_time";
  if (*payload_bytes_ > 0) fields += ",payload:string";
  auto parsed = parse_schema("event", fields);
  if (!parsed) return std::move(parsed).error();
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(parsed).value())));
  if (*skew_ > 0) zipf_.emplace(static_cast<std::uint64_t>(*keys_), *skew_);
  payload_.assign(static_cast<std::size_t>(*payload_bytes_), '.');
  return {};
}

void generator::open(context& c) {
  partition_ = c.partition();
  parallelism_ = c.parallelism();
  pacer_ = pacer{*rate_ / static_cast<double>(parallelism_)};
}

poll_result generator::poll(context& c, std::size_t max) {
  const auto left = *count_ == 0 ? max : static_cast<std::size_t>(std::min<std::uint64_t>(max, own_count() - made_));
  if (left == 0) return poll_result::end();
  const auto allowed = pacer_.allowed(c.now(), left);
  if (allowed == 0) return poll_result::wait(pacer_.until_next(c.now()));
  for (std::size_t i = 0; i < allowed; ++i, ++made_) {
    if (out_.is_connected()) make(partition_ + made_ * parallelism_);
  }
  pacer_.took(allowed);
  return poll_result::more();
}

void generator::make(std::uint64_t number) {
  random_source random{stream_of(static_cast<std::uint64_t>(*seed_), number)};
  const auto key = zipf_ ? (*zipf_)(random)-1 : random.below(static_cast<std::uint64_t>(*keys_));
  const double amount = static_cast<double>(random.below(1'000'000)) / 100;
  // Unsigned: an endless run that passes the end of time wraps instead of being undefined.
  const auto since_first = number * static_cast<std::uint64_t>(*step_us_) * 1000;
  auto at = event_time{static_cast<std::int64_t>(static_cast<std::uint64_t>(first_.ns) + since_first)};
  if (*disorder_ms_ > 0) {
    const auto late = random.below(static_cast<std::uint64_t>(*disorder_ms_) * 1'000'000);
    at = at - std::chrono::nanoseconds{static_cast<std::int64_t>(late)};
  }
  auto& row = out_.row();
  row.begin_row();
  if (*key_type_ == "int") {
    (void)row.set(key_field, value::of(static_cast<std::int64_t>(key)));
  } else {
    char digits[20];
    text_.assign(key_prefix).append(digits, std::to_chars(digits, digits + sizeof digits, key).ptr);
    (void)row.set(key_field, value::of(std::string_view{text_}));
  }
  (void)row.set(value_field, value::of(amount));
  (void)row.set(number_field, value::of(number));
  (void)row.set(at_field, value::of(at));
  if (!payload_.empty()) {
    for (std::size_t i = 0; i < payload_.size(); ++i) payload_[i] = static_cast<char>('a' + random.below(26));
    (void)row.set(payload_field, value::of(std::string_view{payload_}));
  }
  out_.emit();
}

/// How many of the `count` numbers are this partition's.
std::uint64_t generator::own_count() const noexcept {
  const auto count = static_cast<std::uint64_t>(*count_);
  return count / parallelism_ + (partition_ < count % parallelism_ ? 1 : 0);
}

std::string generator::describe_position() const {
  return "event " + std::to_string(partition_ + made_ * parallelism_);
}

std::uint64_t generator::backlog() const {
  return *count_ == 0 || own_count() < made_ ? 0 : own_count() - made_;
}

}  // namespace millrace::library
