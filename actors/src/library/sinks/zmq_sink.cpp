#include "library/sinks/zmq_sink.hpp"

#include <stdexcept>

#include "library/sinks/msgpack_record.hpp"

namespace millrace::library {

result<void> zmq_sink::configure(wiring&) {
  if (auto ok = transport::message_socket::check(*address_, *attach_ == "bind"); !ok) {
    return user_error(ok.error().code, "parameter 'address': " + ok.error().message);
  }
  if (!topic_->empty() && *socket_kind_ != "pub") {
    return user_error(errc::invalid_argument,
                      "parameter 'topic': a push socket has none; leave it out, or set 'socket' to pub");
  }
  return {};
}

void zmq_sink::open(context& c) {
  if (c.parallelism() > 1 && *attach_ == "bind") {
    throw std::runtime_error("parameter 'attach': " + std::to_string(c.parallelism()) +
                             " partitions cannot all listen at " + *address_ +
                             "; give the actor parallelism 1, or connect");
  }
  auto opened = transport::message_socket::open(
      {.pattern = *socket_kind_ == "pub" ? transport::message_pattern::pub : transport::message_pattern::push,
       .address = *address_,
       .binds = *attach_ == "bind",
       .messages_max = *messages_max_,
       .linger = std::chrono::milliseconds{*linger_}});
  if (!opened) throw std::runtime_error(opened.error().message);
  socket_ = std::move(*opened);
  c.log(log_level::info, "sends messages at " + socket_->address());
}

void zmq_sink::close(context& c) {
  if (!socket_) return;
  const auto where = socket_->address();
  if (!socket_->close()) {
    c.log(log_level::warning, "no peer took all messages at " + where + " within " + std::to_string(*linger_) +
                                  " ms ('linger'): those left are lost");
  }
  socket_.reset();
}

void zmq_sink::on_record(context&, const record_view& record) {
  bytes_view body;
  if (*format_ == "json") {
    text_.clear();
    json_.append(text_, record);
    text_.pop_back();  // the line's end
    body = as_bytes(text_);
  } else {
    packed_.clear();
    append_msgpack_map(packed_, record);
    body = packed_.view();
  }
  const auto sent = socket_->send(as_bytes(*topic_), body, std::chrono::milliseconds{*timeout_});
  if (!sent) throw std::runtime_error(sent.error().message);
  if (!*sent) {
    throw std::runtime_error("no peer at " + socket_->address() + " had room for a message in " +
                             std::to_string(*timeout_) + " ms; start it, or raise 'timeout'");
  }
}

}  // namespace millrace::library
