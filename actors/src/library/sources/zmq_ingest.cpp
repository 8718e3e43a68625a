#include "library/sources/zmq_ingest.hpp"

#include <stdexcept>

#include "library/sources/msgpack_body.hpp"
#include "library/sources/msgpack_parser.hpp"
#include "millrace/dead_letter.hpp"

namespace millrace::library {

namespace {

using namespace std::chrono_literals;

// The task has a thread of its own, so it waits for messages here. Barriers wait as long.
constexpr auto patience = 20ms;
// Of a log entry's 8 MiB: the message that passes it comes on top, with what its dead letters say.
constexpr std::size_t entry_bytes_wanted = std::size_t{2} << 20;
// About what a dead letter takes beside its content: messages without any must not keep a poll going for ever.
constexpr std::size_t letter_bytes = 256;

bool is_local(const std::string& address) {
  return address.rfind("ipc://", 0) == 0 || address.rfind("tcp://127.", 0) == 0 ||
         address.rfind("tcp://[::1]", 0) == 0 || address.rfind("tcp://localhost:", 0) == 0;
}

}  // namespace

result<void> zmq_ingest::configure(wiring&) {
  if (auto ok = transport::message_socket::check(*address_, *attach_ == "bind"); !ok) {
    return user_error(ok.error().code, "parameter 'address': " + ok.error().message);
  }
  if (!topic_->empty() && *socket_kind_ != "sub") {
    return user_error(errc::invalid_argument,
                      "parameter 'topic': a pull socket takes every message; leave it out, or set 'socket' to sub");
  }
  auto parsed = parse_schema("message", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from a message");
  }
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(parsed).value())));
  return {};
}

void zmq_ingest::open(context& c) {
  const bool deals_out = *socket_kind_ == "pull" && *attach_ == "connect";
  if (c.partition() != 0 && !deals_out) return;
  json_ = std::make_unique<ingest_body>(out_.type(), static_cast<std::size_t>(*message_events_));
  msgpack_ = make_msgpack_parser(out_.type()->shared_schema());
  auto opened = transport::message_socket::open(
      {.pattern = *socket_kind_ == "sub" ? transport::message_pattern::sub : transport::message_pattern::pull,
       .address = *address_,
       .binds = *attach_ == "bind",
       .messages_max = *messages_max_,
       .message_bytes_max = static_cast<std::size_t>(*message_bytes_),
       .topic = *topic_});
  if (!opened) throw std::runtime_error(opened.error().message);
  socket_ = std::move(*opened);
  last_message_ = c.now();
  c.log(log_level::info, "takes messages at " + socket_->address());
  if (*attach_ == "bind" && !is_local(*address_)) {
    c.log(log_level::warning,
          "whoever reaches " + socket_->address() + " can send events: nobody is asked who they are");
  }
}

void zmq_ingest::close(context&) {
  socket_.reset();
}

bool zmq_ingest::is_done() const noexcept {
  return !socket_ || (*count_ != 0 && events_ >= static_cast<std::uint64_t>(*count_));
}

poll_result zmq_ingest::poll(context& c, std::size_t max) {
  if (is_done()) return poll_result::end();
  const auto first = events_;
  std::size_t bytes = 0;
  bool is_first = true;
  while (!is_done() && events_ - first < max && bytes < entry_bytes_wanted) {
    auto m = socket_->receive(is_first ? patience : 0ms);
    if (!m) throw std::runtime_error(m.error().message);
    if (!*m) break;
    bytes += take(c, std::move(**m));
    is_first = false;
  }
  if (!is_first) {
    last_message_ = c.now();
    return poll_result::more();
  }
  const bool is_idle = *idle_after_s_ != 0 && c.now() - last_message_ >= std::chrono::seconds{*idle_after_s_};
  return is_idle ? poll_result::idle(1us) : poll_result::wait(1us);
}

/// About what the message takes in an entry of the log.
std::size_t zmq_ingest::take(context& c, transport::received_message&& m) {
  ++messages_;
  const auto parts_max = *socket_kind_ == "sub" ? std::size_t{2} : std::size_t{1};
  if (m.parts > parts_max) {
    set_aside(c, {.at{},
                  .reason = "it has " + std::to_string(m.parts) + " parts; send an event as one part" +
                            (parts_max == 2 ? ", or behind its topic as the second" : ""),
                  .content = std::move(m.body)});
    return letter_bytes + static_cast<std::size_t>(*message_bytes_);
  }
  if (m.body.empty()) {
    set_aside(c, {.at{}, .reason = "it is empty", .content{}});
    return letter_bytes;
  }
  const auto body = parse(std::move(m.body));
  for (std::uint32_t i = 0; i < body.events->size(); ++i) out_.emit(record_view{*body.events, i});
  events_ += body.events->size();
  for (const auto& bad : body.malformed) set_aside(c, bad);
  if (body.has_too_many) {
    set_aside(c, {.at{},
                  .reason = "it has more than " + std::to_string(*message_events_) + " events; those behind are lost",
                  .content{}});
  }
  return body.bytes();
}

parsed_body zmq_ingest::parse(std::string body) {
  if (*format_ == "json") return json_->parse(std::move(body), json_items::cut::values);
  return parse_msgpack_body(out_.type(), *msgpack_, std::move(body), static_cast<std::size_t>(*message_events_));
}

void zmq_ingest::set_aside(context& c, const malformed_item& m) {
  const auto origin = *address_ + " message " + std::to_string(messages_);
  c.set_aside({.origin = origin,
               .place = m.at.line,
               .column = m.at.column,
               .value = m.reason,
               .at = event_time{c.now().ns},
               .content = m.content});
}

bool zmq_ingest::take_back(context&, const dead_letter& letter) {
  if (!out_.is_connected()) return true;
  auto text = letter.content;
  if (!taken_back_json_) taken_back_json_ = make_json_parser(out_.type()->shared_schema());
  // No event in MessagePack begins with a brace: that byte is the number 123 there.
  const bool is_json = *format_ == "json" || text.rfind('{', 0) == 0;
  if (!msgpack_) msgpack_ = make_msgpack_parser(out_.type()->shared_schema());
  line_problem problem;
  if (!(is_json ? *taken_back_json_ : *msgpack_).parse(text, out_.row(), problem)) {
    throw std::runtime_error(problem.what() + "; write it as a JSON object");
  }
  out_.emit();
  return true;
}

void zmq_ingest::save_position(msgpack::writer& out) const {
  out.array(2);
  out.integer(messages_);
  out.integer(events_);
}

bool zmq_ingest::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && n == 2 && in.integer(messages_) && in.integer(events_);
}

std::string zmq_ingest::describe_position() const {
  return "message " + std::to_string(messages_) + ", event " + std::to_string(events_);
}

}  // namespace millrace::library
