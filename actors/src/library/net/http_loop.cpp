#include "library/net/http_loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

namespace millrace::library::detail {

namespace {

using namespace std::chrono_literals;

// Head and answer of a connection; a longer head is refused by the library with 431.
constexpr std::size_t connection_memory_bytes = 32 * 1024;
constexpr unsigned backlog = 128;
// What is read of a body that nobody keeps, so that its sender gets to the answer.
constexpr std::size_t discarded_bytes_max = std::size_t{16} << 20;
// Nobody reads an answer of some hundred bytes for longer.
constexpr unsigned inactive_seconds_max = 60;
constexpr auto sweep_every = 100ms;
constexpr auto farewell = 1s;

template <class F>
auto guarded(F&& f) noexcept -> decltype(f()) {
  try {
    return f();
  } catch (...) {  // no memory: the library ends this one connection
    return MHD_NO;
  }
}

MHD_Result add_header(void* to, MHD_ValueKind, const char* name, const char* text) noexcept {
  return guarded([&] {
    static_cast<http_head*>(to)->headers.emplace_back(name, text == nullptr ? "" : text);
    return MHD_YES;
  });
}

void* context_of(MHD_Connection* c) noexcept {
  const auto* info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == nullptr ? nullptr : info->socket_context;
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t n = 0;
  const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || at != text.data() + text.size()) return std::nullopt;
  return n;
}

http_answer too_large(std::size_t limit) {
  return http_refusal(413, "the body is longer than " + std::to_string(limit) + " bytes; send it in parts");
}

http_answer too_much() {
  auto out = http_refusal(429, "too much is being received at once; send it again later");
  out.headers.emplace_back("Retry-After", "1");
  return out;
}

std::string as_text(const http_answer& a, std::string_view phrase) {
  std::string out = "HTTP/1.1 " + std::to_string(a.status) + " ";
  out.append(phrase).append("\r\nConnection: close\r\nContent-Type: " + a.content_type + "\r\nContent-Length: ");
  return out.append(std::to_string(a.body.size()) + "\r\n\r\n" + a.body);
}

}  // namespace

http_loop::http_loop(const http_limits& limits, http_service& service) : limits_{limits}, service_{&service} {}

http_loop::~http_loop() {
  is_stopping_ = true;
  mailbox_->ring();
  if (thread_.joinable()) thread_.join();
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
}

result<std::uint16_t> http_loop::listen(const listen_address& at) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(at.port);
  inet_pton(at.is_v6 ? AF_INET6 : AF_INET, at.host.c_str(),
            at.is_v6 ? static_cast<void*>(&v6.sin6_addr) : static_cast<void*>(&v4.sin_addr));
  const auto* address = at.is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const unsigned v6_flag = at.is_v6 ? static_cast<unsigned>(MHD_USE_IPv6) : 0U;
  const unsigned flags = static_cast<unsigned>(MHD_USE_EPOLL) | static_cast<unsigned>(MHD_USE_SUSPEND_RESUME) | v6_flag;
  errno = 0;
  daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &on_call, this, MHD_OPTION_SOCK_ADDR, address,
                             MHD_OPTION_CONNECTION_LIMIT, limits_.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                             connection_memory_bytes, MHD_OPTION_CONNECTION_TIMEOUT, inactive_seconds_max,
                             MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_LISTEN_BACKLOG_SIZE, backlog,
                             MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this, MHD_OPTION_NOTIFY_CONNECTION,
                             &on_connection, this, MHD_OPTION_URI_LOG_CALLBACK, &on_uri, this, MHD_OPTION_END);
  if (daemon_ == nullptr) {
    const int code = errno;
    const auto text = "cannot listen at " + at.text() + ": " + std::generic_category().message(code);
    if (code == EADDRINUSE) {
      return retryable_error(errc::in_use, text + "; end the program that listens there, or choose another port");
    }
    return fatal_error(errc::io_error, text + "; choose an address of this machine and a port this user may take");
  }
  return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_loop::loop() {
  const int events = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  auto swept = http_clock::now();
  std::optional<http_clock::time_point> ends;
  while (!ends || (http_clock::now() < *ends && !exchanges_.empty())) {
    MHD_UNSIGNED_LONG_LONG wanted_ms = 0;
    std::uint64_t wait_ms = peers_.empty() ? 1000 : static_cast<std::uint64_t>(sweep_every.count());
    if (MHD_get_timeout(daemon_, &wanted_ms) == MHD_YES) wait_ms = std::min<std::uint64_t>(wait_ms, wanted_ms);
    pollfd wakers[] = {{events, POLLIN, 0}, {mailbox_->bell(), POLLIN, 0}};
    ::poll(wakers, 2, static_cast<int>(wait_ms));
    deliver();
    if (is_stopping_ && !ends) {
      ends = http_clock::now() + farewell;
      say_stopping();
    }
    MHD_run(daemon_);
    const auto now = http_clock::now();
    if (now - swept >= sweep_every) {
      swept = now;
      sweep(now);
    }
  }
}

void http_loop::deliver() {
  for (auto& [id, a] : mailbox_->take()) {
    const auto at = exchanges_.find(id);
    if (at != exchanges_.end() && at->second->at == phase::waiting) answer(*at->second, std::move(a));
  }
}

void http_loop::sweep(http_clock::time_point now) {
  for (auto& p : peers_) {
    if (p.is_cut) continue;
    if (p.now == nullptr) {
      if (now - p.since < limits_.idle) continue;
      p.is_cut = true;
      ::shutdown(p.fd, SHUT_RDWR);
    } else if (now >= p.now->deadline && p.now->at == phase::body) {
      cut_off(*p.now, http_refusal(408, "the body took longer than " + std::to_string(limits_.body.count()) + " ms"));
    } else if (now >= p.now->deadline && p.now->at == phase::waiting) {
      answer(*p.now, http_refusal(503, "no answer in time: it may or may not have been done"));
    }
  }
}

void http_loop::say_stopping() {
  for (auto& [id, e] : exchanges_) {
    if (e->at == phase::waiting) answer(*e, http_refusal(503, "stopping: it may or may not have been done"));
  }
}

MHD_Result http_loop::call(MHD_Connection* c, const char* url, const char* method, const char* data, std::size_t* size,
                           void** context) {
  if (*context == nullptr) return begin(c, url, method, context);
  auto& e = *static_cast<exchange*>(*context);
  if (*size == 0) return finish(e);
  receive(e, data, *size);
  *size = 0;
  return MHD_YES;
}

MHD_Result http_loop::begin(MHD_Connection* c, const char* url, const char* method, void** context) {
  auto made = std::make_unique<exchange>();
  auto& e = *made;
  e.id = next_id_++;
  e.connection = c;
  e.on = static_cast<peer*>(context_of(c));
  e.deadline = http_clock::now() + limits_.body;
  e.head.method = method;
  e.head.path = url;
  MHD_get_connection_values(c, MHD_HEADER_KIND, &add_header, &e.head);
  e.answer = is_stopping_ ? http_refusal(503, "stopping; send it again later") : service_->on_head(e.head);
  const auto length = number(e.head.header("Content-Length").value_or("0"));
  if (!e.answer && length > limits_.body_bytes) e.answer = too_large(limits_.body_bytes);
  if (!e.answer && length && buffered_ + *length > limits_.buffer_bytes) e.answer = too_much();
  exchanges_.emplace(e.id, std::move(made));
  e.on->now = &e;
  *context = &e;
  // A client that asks first has sent nothing yet.
  const bool is_hopeless = length > limits_.body_bytes + discarded_bytes_max;
  if (!e.answer || !(e.head.header("Expect") || is_hopeless)) return MHD_YES;
  e.at = phase::answered;
  return send(c, *e.answer);
}

void http_loop::receive(exchange& e, const char* data, std::size_t size) {
  e.received += size;
  if (e.answer) {
    if (e.received > limits_.body_bytes + discarded_bytes_max) cut_off(e, *e.answer);
    return;
  }
  if (e.received > limits_.body_bytes) {
    e.answer = too_large(limits_.body_bytes);
  } else if (buffered_ + size > limits_.buffer_bytes) {
    e.answer = too_much();
  } else {
    e.body.append(data, size);
    buffered_ += size;
    return;
  }
  drop_body(e);
}

void http_loop::drop_body(exchange& e) noexcept {
  buffered_ -= e.body.size();
  std::string{}.swap(e.body);
}

MHD_Result http_loop::finish(exchange& e) {
  if (e.at == phase::body && !e.answer) {
    buffered_ -= e.body.size();
    e.at = phase::waiting;
    e.deadline = http_clock::now() + limits_.answer;
    e.answer = service_->on_request(e.head, std::exchange(e.body, {}), http_reply{mailbox_, e.id});
  }
  if (e.answer) {
    e.at = phase::answered;
    return send(e.connection, *e.answer);
  }
  e.is_suspended = true;
  MHD_suspend_connection(e.connection);
  return MHD_YES;
}

/// The library comes back to `finish` for it.
void http_loop::answer(exchange& e, http_answer a) {
  if (e.answer) return;
  e.answer = std::move(a);
  if (std::exchange(e.is_suspended, false)) MHD_resume_connection(e.connection);
}

/// In the middle of a body, where the library takes no answer.
void http_loop::cut_off(exchange& e, const http_answer& a) {
  const auto text = as_text(a, a.status == 408 ? "Request Timeout" : "Refused");
  [[maybe_unused]] const auto sent = ::send(e.on->fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(e.on->fd, SHUT_RDWR);
  e.on->is_cut = true;
}

MHD_Result http_loop::send(MHD_Connection* c, const http_answer& a) {
  auto* r = MHD_create_response_from_buffer(a.body.size(), const_cast<char*>(a.body.data()), MHD_RESPMEM_MUST_COPY);
  if (r == nullptr) return MHD_NO;
  MHD_add_response_header(r, "Content-Type", a.content_type.c_str());
  for (const auto& [name, text] : a.headers) MHD_add_response_header(r, name.c_str(), text.c_str());
  const auto queued = MHD_queue_response(c, a.status, r);
  MHD_destroy_response(r);
  return queued;
}

MHD_Result http_loop::on_call(void* self, MHD_Connection* c, const char* url, const char* method, const char*,
                              const char* data, std::size_t* size, void** context) noexcept {
  return guarded([&] { return static_cast<http_loop*>(self)->call(c, url, method, data, size, context); });
}

void http_loop::on_completed(void* self, MHD_Connection*, void** context, MHD_RequestTerminationCode) noexcept {
  auto* e = static_cast<exchange*>(std::exchange(*context, nullptr));
  if (e == nullptr) return;
  auto& server = *static_cast<http_loop*>(self);
  server.buffered_ -= e->body.size();
  e->on->now = nullptr;
  e->on->since = http_clock::now();
  server.exchanges_.erase(e->id);
}

void http_loop::on_connection(void* self, MHD_Connection* c, void** context,
                              MHD_ConnectionNotificationCode what) noexcept {
  auto& peers = static_cast<http_loop*>(self)->peers_;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    const int fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    peers.push_back({fd, http_clock::now()});
    *context = &peers.back();
  } else {
    peers.remove_if([&](const peer& p) { return &p == *context; });
  }
}

/// Half a head is there: whoever was idle has the time anew, once.
void* http_loop::on_uri(void*, const char*, MHD_Connection* c) noexcept {
  if (auto* p = static_cast<peer*>(context_of(c))) p->since = http_clock::now();
  return nullptr;
}

}  // namespace millrace::library::detail
