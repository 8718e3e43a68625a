#include "library/sinks/http_sink.hpp"

#include <limits>
#include <random>
#include <stdexcept>

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

namespace {

constexpr std::chrono::nanoseconds open_max = std::chrono::minutes{1};

/// Not from the context: a run that starts from nothing must not draw what the one before drew.
std::string drawn_stream() {
  std::random_device random;
  std::string text;
  constexpr char digits[] = "0123456789abcdef";
  for (int i = 0; i < 16; ++i) text += digits[random() % 16];
  return text;
}

}  // namespace

result<void> http_sink::configure(wiring& w) {
  if (auto ok = target_.configure(w); !ok) return ok;
  const auto type = dynamic_input_type(w, "in");
  if (type != nullptr) pending_ = pending_records{type, time_format::iso};
  return {};
}

void http_sink::open(context& c) {
  target_.open();
  caller_ =
      std::make_unique<patient_caller>(circuit_breaker::setting{static_cast<std::uint32_t>(*failures_),
                                                                std::chrono::milliseconds{*open_time_}, open_max},
                                       retry_schedule::setting{.deadline = std::chrono::milliseconds{*give_up_after_}});
  if (!stream_->empty()) key_stream_ = *stream_;
  if (key_stream_.empty()) key_stream_ = drawn_stream();
  if (pending_.size() != 0) set_alarm(c);
}

void http_sink::on_record(context& c, const record_view& record) {
  pending_.add(record);
  const bool is_full = *format_ == "json" || pending_.size() >= static_cast<std::size_t>(*batch_events_) ||
                       pending_.bytes() >= static_cast<std::size_t>(*batch_bytes_);
  if (is_full) {
    try {
      return send_pending(c);
    } catch (...) {
      pending_.pop();  // whatever the failure policy says, this event comes again or is given up
      throw;
    }
  }
  if (!due_.is_set()) set_alarm(c);
}

/// Without a limit as well: it rings when the input ends.
void http_sink::set_alarm(context& c) {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  due_.set(*linger_ == 0 ? processing_time{never} : c.now() + std::chrono::milliseconds{*linger_});
}

void http_sink::on_due(context& c) {
  if (pending_.size() != 0) send_pending(c);
}

void http_sink::send_pending(context& c) {
  const auto count = pending_.size();
  auto body = *format_ == "json"         ? std::string{pending_.line(0)}
              : *format_ == "json_lines" ? pending_.lines()
                                         : pending_.array();
  const auto r = send(c, body, sequence_, count);
  const auto verdict = verdict_of(r);
  if (verdict == call_verdict::again || verdict == call_verdict::useless) give_up(r);
  if (verdict == call_verdict::refused) {
    if (count == 1) {
      bury(c, 0, text_of(r));
    } else {
      send_singly(c);
    }
  }
  sequence_ += count;
  pending_.clear();
  due_.clear();
}

/// The receiver did not want a batch: perhaps because of one event in it.
void http_sink::send_singly(context& c) {
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    auto body = std::string{pending_.line(i)};
    if (*format_ == "json_array") body = '[' + body + ']';
    const auto r = send(c, body, sequence_ + i, 1);
    const auto verdict = verdict_of(r);
    if (verdict == call_verdict::refused) {
      bury(c, i, text_of(r));
    } else if (verdict != call_verdict::done) {
      give_up(r);
    }
  }
}

result<http_answer> http_sink::send(context& c, const std::string& body, std::uint64_t first, std::size_t count) {
  const header_fields more{
      {"Content-Type", *format_ == "json_lines" ? "application/x-ndjson" : "application/json"},
      {"Idempotency-Key", key_stream_ + "/" + c.actor_name() + "/" + std::to_string(c.partition()) + "/" +
                              std::to_string(first) + "-" + std::to_string(count)}};
  return caller_->call(c, [&] { return target_.call(*method_, body, more); });
}

void http_sink::bury(context& c, std::size_t i, const std::string& why) {
  auto letter = pending_.letter(i, shown_url(target_.url()) + " " + why);
  letter.actor = c.actor_name();
  letter.partition = c.partition();
  letter.sequence = sequence_ + i;
  letter.at = event_time{c.now().ns};
  c.log(log_level::warning, letter.reason + "; the event became a dead letter");
  engine::actor_access::dead(*this).emit(std::move(letter));
}

void http_sink::give_up(const result<http_answer>& r) const {
  const auto why = r ? shown_url(target_.url()) + " " + text_of(r) : text_of(r);
  if (verdict_of(r) == call_verdict::again)
    throw std::runtime_error(why + "; given up after " + std::to_string(*give_up_after_) + " ms");
  throw std::runtime_error(why + "; no event would be taken there: correct 'url', 'token' or 'method'");
}

void http_sink::save_state(msgpack::writer& out) const {
  out.array(3);
  out.string(key_stream_);
  out.integer(sequence_);
  pending_.encode(out);
}

bool http_sink::load_state(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::string_view stream;
  if (!in.array(n) || n != 3 || !in.string(stream) || !in.integer(sequence_)) return false;
  key_stream_ = stream;
  return pending_.decode(in);
}

}  // namespace millrace::library
