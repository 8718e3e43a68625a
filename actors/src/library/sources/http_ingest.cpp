#include "library/sources/http_ingest.hpp"

#include <stdexcept>

#include "library/net/secret.hpp"
#include "millrace/dead_letter.hpp"

namespace millrace::library {

namespace {

using namespace std::chrono_literals;

// The task has a thread of its own, so it waits for requests here. Barriers wait as long.
constexpr auto patience = 20ms;
// Of an entry's 8 MiB: the records of one request more may come on top.
constexpr std::size_t entry_bytes_wanted = std::size_t{2} << 20;
// An earlier incarnation, or a process that was killed, may still have the port.
constexpr auto port_wait = 10s;
constexpr auto port_retry = 200ms;
// The room gives a request up first, and then knows that it was not stored.
constexpr auto answer_reserve = 5s;

}  // namespace

http_ingest::http_ingest() = default;

http_ingest::~http_ingest() {
  end_service();
}

result<void> http_ingest::configure(wiring& w) {
  auto at = parse_listen_address(*listen_, "listen");
  if (!at) return at.error();
  address_ = *at;
  if (path_->empty() || path_->front() != '/' || *path_ == "/health") {
    return user_error(errc::invalid_argument, "parameter 'path': '" + *path_ +
                                                  "' is no place for events; write one that begins with '/', as "
                                                  "/events (/health is taken)");
  }
  if (auto ok = check_secret(*token_, "token"); !ok) return ok;
  base_folder_ = w.base_folder();
  auto parsed = parse_schema("event", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from a request");
  }
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(parsed).value())));
  room_ = std::make_unique<ingest_room>(ingest_room::limits{
      static_cast<std::size_t>(*waiting_events_), static_cast<std::size_t>(*waiting_bytes_),
      static_cast<std::size_t>(*keys_), std::chrono::seconds{*key_time_}, std::chrono::milliseconds{*answer_time_}});
  return {};
}

void http_ingest::open(context& c) {
  auto token = read_secret(*token_, "token", base_folder_);
  if (!token) throw std::runtime_error(token.error().message);
  if (address_.port != 0) address_.port = static_cast<std::uint16_t>(address_.port + c.partition());
  service_ = std::make_unique<ingest_service>(
      ingest_service::setting{*path_, std::move(token).value(), *on_malformed_ == "dead_letter", out_.type(),
                              static_cast<std::size_t>(*body_events_)},
      *room_);
  if (!address_.is_loopback() && token_->empty()) {
    c.log(log_level::warning,
          "whoever reaches " + address_.text() + " can send events: set 'token', or listen at 127.0.0.1");
  }
  opened_ = last_event_ = c.now();
  (void)is_listening(c);
}

bool http_ingest::is_listening(context& c) {
  if (is_open_) return true;
  http_limits limits;
  limits.connections = static_cast<unsigned>(*connections_);
  limits.body_bytes = static_cast<std::size_t>(*body_bytes_);
  limits.buffer_bytes = static_cast<std::size_t>(*waiting_bytes_);
  limits.body = std::chrono::milliseconds{*body_time_};
  limits.answer = std::chrono::milliseconds{*answer_time_} + answer_reserve;
  if (auto ok = server_.start(address_, limits, *service_); !ok) {
    if (ok.error().code == errc::in_use && c.now() - opened_ < port_wait) return false;
    throw std::runtime_error(ok.error().message);
  }
  is_open_ = true;
  c.log(log_level::info, "takes events at http://" + server_.address().text() + *path_);
  return true;
}

poll_result http_ingest::poll(context& c, std::size_t max) {
  answer_emitted();  // what came needed no entry in the log, or it would have been answered
  if (*count_ != 0 && events_ >= static_cast<std::uint64_t>(*count_)) {
    service_->stop();
    return poll_result::end();
  }
  if (!is_listening(c)) return poll_result::wait(port_retry);
  emitted_ = room_->take(max, entry_bytes_wanted, patience);
  if (emitted_.empty()) return nothing_came(c);
  last_event_ = c.now();
  for (auto& r : emitted_) emit(c, *r);
  return poll_result::more();
}

poll_result http_ingest::nothing_came(context& c) const {
  const bool is_idle = *idle_after_ != 0 && c.now() - last_event_ >= std::chrono::milliseconds{*idle_after_};
  return is_idle ? poll_result::idle(1us) : poll_result::wait(1us);
}

void http_ingest::emit(context& c, ingest_request& r) {
  const auto& events = *r.body.events;
  for (std::uint32_t i = 0; i < events.size(); ++i) out_.emit(record_view{events, i});
  const auto origin = "POST " + *path_;
  for (const auto& m : r.body.malformed) {
    c.set_aside({.origin = origin,
                 .place = m.at.line,
                 .column = m.at.column,
                 .value = m.reason,
                 .at = event_time{c.now().ns},
                 .content = m.content});
  }
  ++requests_;
  events_ += events.size();
  room_->remember(r, c.now());
}

void http_ingest::on_logged(context&) {
  answer_emitted();
}

void http_ingest::answer_emitted() {
  for (auto& r : emitted_) {
    room_->settle(*r);
    const auto answer = stored_answer(*r);
    for (const auto& client : r->waiting) client.send(answer);
  }
  emitted_.clear();
}

void http_ingest::close(context&) {
  end_service();
}

void http_ingest::end_service() noexcept {
  if (service_) service_->stop();
  server_.stop();
}

bool http_ingest::take_back(context&, const dead_letter& letter) {
  if (!out_.is_connected()) return true;
  if (!taken_back_parser_) taken_back_parser_ = make_json_parser(out_.type()->shared_schema());
  auto text = letter.content;
  line_problem problem;
  if (!taken_back_parser_->parse(text, out_.row(), problem)) throw std::runtime_error(problem.what());
  out_.emit();
  return true;
}

void http_ingest::save_position(msgpack::writer& out) const {
  out.array(3);
  out.integer(requests_);
  out.integer(events_);
  room_->encode_keys(out);
}

bool http_ingest::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && n == 3 && in.integer(requests_) && in.integer(events_) && room_->decode_keys(in);
}

std::string http_ingest::describe_position() const {
  return "request " + std::to_string(requests_) + ", event " + std::to_string(events_);
}

std::string http_ingest::address() const {
  return is_open_ ? server_.address().text() : std::string{};
}

}  // namespace millrace::library
