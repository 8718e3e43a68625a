#include "library/sources/http_poll.hpp"

#include <algorithm>
#include <stdexcept>

#include "library/net/patient_caller.hpp"
#include "library/sources/csv_body.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/pace.hpp"

namespace millrace::library {

namespace {

constexpr std::size_t items_max = 100'000;
// A pause after failures grows to this, or to the interval where that is longer.
constexpr std::chrono::nanoseconds pause_max = std::chrono::minutes{5};
constexpr int doublings_max = 20;
constexpr std::size_t tag_bytes_max = 1024;

}  // namespace

result<void> http_poll::configure(wiring& w) {
  if (auto ok = target_.configure(w); !ok) return ok;
  auto parsed = parse_schema("answer", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from an answer");
  }
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(parsed).value())));
  return {};
}

void http_poll::open(context& c) {
  if (c.partition() != 0) return;
  target_.open(static_cast<std::size_t>(*answer_bytes_), static_cast<unsigned>(*redirects_));
  json_ = std::make_unique<ingest_body>(out_.type(), items_max);
  next_ = pace_time(c);
}

poll_result http_poll::poll(context& c, std::size_t) {
  const bool is_done = *count_ != 0 && answers_ >= static_cast<std::uint64_t>(*count_);
  if (!json_ || is_done) return poll_result::end();
  if (const auto now = pace_time(c); now < next_) return poll_result::wait(next_ - now);
  ask(c);
  return poll_result::more();
}

void http_poll::ask(context& c) {
  const std::chrono::nanoseconds interval = std::chrono::milliseconds{*interval_};
  const auto begun = pace_time(c);
  header_fields conditions;
  if (!etag_.empty()) conditions.emplace_back("If-None-Match", etag_);
  if (!last_modified_.empty()) conditions.emplace_back("If-Modified-Since", last_modified_);
  auto r = target_.call("GET", {}, conditions);
  const bool is_known = r && r->status == 304;
  if (!is_known && verdict_of(r) != call_verdict::done) return on_failure(c, r);
  failed_ = 0;
  next_ = std::max(begun + interval, pace_time(c));  // after a standstill nothing is made up for
  ++answers_;
  if (!is_known) on_answer(c, std::move(*r));
}

void http_poll::on_failure(context& c, const result<http_answer>& r) {
  ++failed_;
  const std::chrono::nanoseconds interval = std::chrono::milliseconds{*interval_};
  const auto why = (r ? shown_url(target_.url()) + " " : "") + text_of(r);
  if (*failures_ != 0 && failed_ >= *failures_) {
    throw std::runtime_error(why + "; that was failure " + std::to_string(failed_) + " in a row");
  }
  const auto longest = std::max(interval, pause_max);
  auto pause = interval;
  for (std::int64_t i = 1; i < std::min<std::int64_t>(failed_, doublings_max) && pause < longest; ++i) pause *= 2;
  pause = std::min(pause, longest);
  const auto jitter = c.random().below(static_cast<std::uint64_t>(pause.count()) / 4 + 1);
  pause += std::chrono::nanoseconds{static_cast<std::int64_t>(jitter)};
  if (r) pause = std::max<std::chrono::nanoseconds>(pause, retry_after(*r));
  next_ = pace_time(c) + pause;
  c.log(log_level::warning, why + "; asked again in " +
                                std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(pause).count()) +
                                " ms");
}

bool http_poll::is_csv(const http_answer& a) const {
  return *format_ == "csv" || (*format_ == "auto" && a.content_type.rfind("text/csv", 0) == 0);
}

void http_poll::on_answer(context& c, http_answer a) {
  const auto kept = [&](const char* name) {
    auto text = header_of(a, name);
    return text.size() <= tag_bytes_max ? text : std::string{};
  };
  const auto body = is_csv(a) ? parse_csv_body(out_.type(), std::move(a.body), *header_, items_max)
                              : json_->parse(std::move(a.body), *format_ == "json_lines" ? json_items::cut::lines
                                                                                         : json_items::cut::values);
  if (body.has_too_many) {
    c.log(log_level::error, shown_url(target_.url()) + " answered with more than " + std::to_string(items_max) +
                                " records; those behind are left out");
  }
  emit(c, body);
  etag_ = kept("ETag");
  last_modified_ = kept("Last-Modified");
}

void http_poll::emit(context& c, const parsed_body& body) {
  for (std::uint32_t i = 0; i < body.events->size(); ++i) out_.emit(record_view{*body.events, i});
  const auto origin = shown_url(target_.url());
  for (const auto& m : body.malformed) {
    c.set_aside({.origin = origin,
                 .place = m.at.line,
                 .column = m.at.column,
                 .value = m.reason,
                 .at = event_time{c.now().ns},
                 .content = m.content});
  }
  if (!body.malformed.empty()) {
    const auto& first = body.malformed.front();
    c.log(log_level::warning, origin + ":" + std::to_string(first.at.line) + ":" + std::to_string(first.at.column) +
                                  ": " + first.reason + "; " + std::to_string(body.malformed.size()) +
                                  " values of the answer became dead letters");
  }
}

bool http_poll::take_back(context&, const dead_letter& letter) {
  if (!out_.is_connected()) return true;
  if (!taken_back_parser_) taken_back_parser_ = make_json_parser(out_.type()->shared_schema());
  auto text = letter.content;
  line_problem problem;
  if (!taken_back_parser_->parse(text, out_.row(), problem)) {
    throw std::runtime_error(problem.what() + "; write it as a JSON object");
  }
  out_.emit();
  return true;
}

void http_poll::save_position(msgpack::writer& out) const {
  out.array(3);
  out.integer(answers_);
  out.string(etag_);
  out.string(last_modified_);
}

bool http_poll::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::string_view etag;
  std::string_view modified;
  if (!in.array(n) || n != 3 || !in.integer(answers_) || !in.string(etag) || !in.string(modified)) return false;
  etag_ = etag;
  last_modified_ = modified;
  return true;
}

}  // namespace millrace::library
