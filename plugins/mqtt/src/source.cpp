#include "source.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "millrace/dead_letter.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/wiring.hpp"

namespace millrace::mqtt {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds look_every = 10ms;
// Of an entry's 8 MiB in the event log: one message more may come on top.
constexpr std::size_t bytes_at_once = std::size_t{2} << 20;
constexpr std::size_t payload_bytes_max = std::size_t{4} << 20;
constexpr std::size_t shown_bytes_max = 1000;
constexpr std::size_t filters_max = 1000;
// In the position, which each entry of the log has.
constexpr std::size_t filter_bytes_max = 16'384;

}  // namespace

result<void> source::configure(wiring&) {
  auto at = address_of(server_);
  if (!at) return std::move(at).error();
  at_ = std::move(at).value();
  if (client_id_->empty()) return user_error(errc::invalid_argument, "parameter 'client_id' is empty");
  all_filters_ = split_list(*topics_, ',');
  std::size_t bytes = 0;
  for (const auto& f : all_filters_) {
    bytes += f.size();
    if (mosquitto_sub_topic_check(f.c_str()) == MOSQ_ERR_SUCCESS) continue;
    return user_error(errc::invalid_argument, "parameter 'topics': '" + f +
                                                  "' is no topic filter: levels with / between, + for any one level, "
                                                  "and at the end # for all below");
  }
  if (all_filters_.empty() || all_filters_.size() > filters_max || bytes > filter_bytes_max) {
    return user_error(errc::invalid_argument, "parameter 'topics' takes 1 to " + std::to_string(filters_max) +
                                                  " topic filters, of " + std::to_string(filter_bytes_max) +
                                                  " bytes together");
  }
  auto reader =
      payload_reader::make(*fields_, *payload_ == "text" ? payload_reader::format::text : payload_reader::format::json,
                           {{"topic_field", *topic_field_}, {"arrival_field", *arrival_field_, true}});
  if (!reader) return std::move(reader).error();
  reader_ = std::move(reader).value();
  out_.set_type(dynamic_record_type(reader_->fields()));
  return {};
}

void source::open(context& c) {
  filters_.clear();
  for (std::size_t i = c.partition(); i < all_filters_.size(); i += c.parallelism())
    filters_.push_back(all_filters_[i]);
  session_.emplace(at_, *client_id_ + "-" + std::to_string(c.partition()), filters_, subscribed_, *qos_);
  quiet_.heard(c.now());
}

void source::close(context&) {
  if (session_) session_->close();
}

poll_result source::poll(context& c, std::size_t max) {
  if (filters_.empty()) return poll_result::end();
  const auto taken = take(c, std::max<std::size_t>(max, 1));
  if (!taken) return wait_for_server(c, taken.error());
  server_.outage.back();
  backoff_.reset();
  const auto now = c.now();
  if (*taken != 0) {
    quiet_.heard(now);
    return poll_result::more();
  }
  return quiet_.rest(now, look_every);
}

poll_result source::wait_for_server(context& c, const error& why) {
  server_.outage.away(c, why);
  return poll_result::wait(backoff_.next());
}

/// What was received before is logged by now, or was known: the engine polls again only then.
result<std::size_t> source::take(context& c, std::size_t max) {
  session_->acknowledge();
  if (!session_->is_open()) {
    if (auto ok = session_->open(); !ok) return ok.error();
    if (!session_->was_kept()) recent_.clear();
  }
  const auto came = session_->receive(max, bytes_at_once);
  if (!came) return came.error();
  for (const auto& m : *came) {
    if (m.number != 0) {
      if (m.is_again && recent_.has(m.number, m.topic, m.payload)) continue;
      // A number that is given again says that the message which had it is done with.
      if (!m.is_again) recent_.forget(m.number);
      recent_.add(m.number, m.topic, m.payload);
    }
    take_one(c, m);
  }
  return came->size();
}

void source::take_one(context& c, const message& m) {
  ++taken_;
  if (!out_.is_connected()) return;
  const std::array others{value::of(std::string_view{m.topic}), value::of(event_time{c.now().ns})};
  const bool is_large = m.payload.size() > payload_bytes_max;
  const auto problem = is_large ? "the payload has " + std::to_string(m.payload.size()) + " bytes, more than " +
                                      std::to_string(payload_bytes_max)
                                : reader_->read(m.payload, others, out_.row());
  if (problem.empty()) return out_.emit();
  const std::string_view content{m.payload};
  c.set_aside({.origin = m.topic,
               .place = taken_,
               .value = problem,
               .content = is_large ? content.substr(0, shown_bytes_max) : content});
}

void source::save_position(msgpack::writer& out) const {
  out.array(3);
  out.integer(taken_);
  const auto& subscribed = session_ ? session_->subscribed() : subscribed_;
  out.array(static_cast<std::uint32_t>(subscribed.size()));
  for (const auto& f : subscribed) out.string(f);
  recent_.save(out);
}

bool source::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::uint32_t filters = 0;
  if (!in.array(n) || n != 3 || !in.integer(taken_) || !in.array(filters) || filters > filters_max) return false;
  subscribed_.clear();
  for (std::uint32_t i = 0; i < filters; ++i) {
    std::string_view f;
    if (!in.string(f)) return false;
    subscribed_.emplace_back(f);
  }
  return recent_.load(in);
}

}  // namespace millrace::mqtt
