#include "library/sources/generator.hpp"

#include <algorithm>
#include <charconv>

#include "millrace/pace.hpp"
#include "millrace/text/text_list.hpp"
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
  first_text_ = *payload_bytes_ > 0 ? payload_field + 1 : payload_field;
  if (auto ok = read_texts(fields); !ok) return ok;
  if (auto ok = read_shape(); !ok) return ok;
  auto parsed = parse_schema("event", fields);
  if (!parsed) return std::move(parsed).error();
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(parsed).value())));
  if (*skew_ > 0) zipf_.emplace(static_cast<std::uint64_t>(*keys_), *skew_);
  payload_.assign(static_cast<std::size_t>(*payload_bytes_), '.');
  return {};
}

result<void> generator::read_shape() {
  values_ = {form_of(*distribution_), *mean_, *deviation_, *shape_, *amplitude_, std::chrono::seconds{*period_s_}};
  const bool needs_positive = values_.what == value_shape::form::exponential ||
                              values_.what == value_shape::form::log_normal ||
                              values_.what == value_shape::form::pareto;
  if (needs_positive && *mean_ <= 0)
    return user_error(errc::invalid_argument,
                      "parameter 'mean' has to be more than 0: " + *distribution_ + " values are");
  if (values_.what == value_shape::form::log_normal && *deviation_ > 20) {
    return user_error(
        errc::invalid_argument,
        "parameter 'deviation' is that of the logarithm for log_normal values: give one up to 20, e.g. 0.5");
  }
  return {};
}

result<void> generator::read_texts(std::string& fields) {
  text_fields_.clear();
  for (const auto& one : split_list(*texts_, ';')) {
    const auto equals = one.find('=');
    auto content = text_template::parse(equals == std::string::npos ? "" : std::string_view{one}.substr(equals + 1));
    const auto name = split_list(one.substr(0, equals), ' ');
    if (equals == std::string::npos || name.size() != 1)
      return user_error(errc::invalid_argument, "parameter 'texts': '" + one + "' is no name=text");
    if (!content)
      return user_error(errc::invalid_argument, "parameter 'texts', '" + name[0] + "', " + content.error().message);
    fields += "," + name[0] + ":string";
    text_fields_.push_back({name[0], std::move(*content)});
  }
  return {};
}

void generator::open(context& c) {
  partition_ = c.partition();
  parallelism_ = c.parallelism();
  pacer_ = pacer{*rate_ / static_cast<double>(parallelism_)};
}

poll_result generator::poll(context& c, std::size_t max) {
  auto left = *count_ == 0 ? max : static_cast<std::size_t>(std::min<std::uint64_t>(max, own_count() - made_));
  if (left == 0) return poll_result::end();
  const auto now = pace_time(c);
  if (now < resume_) return poll_result::wait(resume_ - now);
  const bool has_pauses = *burst_ > 0 && *rate_ > 0;
  const auto left_before_pause = has_pauses ? left_in_burst() : 0;
  if (has_pauses) left = std::min(left, left_before_pause);
  const auto allowed = pacer_.allowed(now, left);
  if (allowed == 0) return poll_result::wait(pacer_.until_next(now));
  for (std::size_t i = 0; i < allowed; ++i, ++made_) {
    if (out_.is_connected()) make(partition_ + made_ * parallelism_);
  }
  pacer_.took(allowed);
  if (has_pauses && allowed == left_before_pause) resume_ = now + std::chrono::milliseconds{*pause_ms_};
  return poll_result::more();
}

void generator::make(std::uint64_t number) {
  random_source random{stream_of(static_cast<std::uint64_t>(*seed_), number)};
  const auto key = zipf_ ? (*zipf_)(random)-1 : random.below(static_cast<std::uint64_t>(*keys_));
  auto at = time_of(number);
  const double amount = values_.draw(random, at);
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
  if (!text_fields_.empty()) fill_texts(row, random, key, amount, number);
  out_.emit();
}

/// Drawn last: events without texts are what they were.
void generator::fill_texts(dynamic_builder& row, random_source& random, std::uint64_t key, double amount,
                           std::uint64_t number) {
  const auto key_text = (*key_type_ == "int" ? "" : std::string{key_prefix}) + std::to_string(key);
  for (std::uint32_t i = 0; i < text_fields_.size(); ++i) {
    text_.clear();
    text_fields_[i].content.append(text_, random, {key_text, amount, number});
    (void)row.set(first_text_ + i, value::of(std::string_view{text_}));
  }
}

/// Unsigned: an endless run that passes the end of time wraps instead of being undefined.
event_time generator::time_of(std::uint64_t number) const noexcept {
  auto since_first = number * static_cast<std::uint64_t>(*step_us_) * 1000;
  if (*burst_ > 0) {
    since_first += number / static_cast<std::uint64_t>(*burst_) * static_cast<std::uint64_t>(*pause_ms_) * 1'000'000;
  }
  return event_time{static_cast<std::int64_t>(static_cast<std::uint64_t>(first_.ns) + since_first)};
}

std::size_t generator::left_in_burst() const noexcept {
  const auto burst = static_cast<std::uint64_t>(*burst_);
  const auto number = partition_ + made_ * parallelism_;
  const auto next_burst = (number / burst + 1) * burst;
  return static_cast<std::size_t>((next_burst - number + parallelism_ - 1) / parallelism_);
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
