#pragma once

#include <microhttpd.h>

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "library/net/http_server.hpp"

namespace millrace::library::detail {

using http_clock = std::chrono::steady_clock;

/// Answers on their way to the server's thread. Thread: any.
struct http_mailbox {
  http_mailbox();
  http_mailbox(const http_mailbox&) = delete;
  http_mailbox& operator=(const http_mailbox&) = delete;
  ~http_mailbox();
  void put(std::uint64_t id, http_answer answer);
  void ring() const noexcept;
  [[nodiscard]] std::vector<std::pair<std::uint64_t, http_answer>> take();
  [[nodiscard]] int bell() const noexcept { return bell_; }

private:
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, http_answer>> answers_;
  int bell_;  // an eventfd
};

/// The server's thread: one event loop around libmicrohttpd, which polls nothing itself, so that everything of a
/// connection happens here and nothing needs a lock.
class http_loop {
public:
  http_loop(const http_limits& limits, http_service& service);
  http_loop(const http_loop&) = delete;
  http_loop& operator=(const http_loop&) = delete;
  ~http_loop();

  [[nodiscard]] result<std::uint16_t> listen(const listen_address& at);
  void run() {
    thread_ = std::thread{[this] { loop(); }};
  }

private:
  struct exchange;
  /// A client's connection, from accept to close.
  struct peer {
    int fd;
    http_clock::time_point since;  ///< its last request was answered, or half of the next one's head is there
    exchange* now = nullptr;
    bool is_cut = false;
  };
  enum class phase : unsigned char { body, waiting, answered };
  struct exchange {
    std::uint64_t id = 0;
    peer* on = nullptr;
    MHD_Connection* connection = nullptr;
    phase at = phase::body;
    http_clock::time_point deadline;
    http_head head;
    std::string body{};
    std::size_t received = 0;  ///< bytes of the body, kept or not
    bool is_suspended = false;
    std::optional<http_answer> answer{};
  };

  static MHD_Result on_call(void* self, MHD_Connection* c, const char* url, const char* method, const char* version,
                            const char* data, std::size_t* size, void** context) noexcept;
  static void on_completed(void* self, MHD_Connection* c, void** context, MHD_RequestTerminationCode how) noexcept;
  static void on_connection(void* self, MHD_Connection* c, void** context,
                            MHD_ConnectionNotificationCode what) noexcept;
  static void* on_uri(void* self, const char* uri, MHD_Connection* c) noexcept;

  void loop();
  void deliver();
  void sweep(http_clock::time_point now);
  void say_stopping();
  [[nodiscard]] MHD_Result call(MHD_Connection* c, const char* url, const char* method, const char* data,
                                std::size_t* size, void** context);
  [[nodiscard]] MHD_Result begin(MHD_Connection* c, const char* url, const char* method, void** context);
  void receive(exchange& e, const char* data, std::size_t size);
  [[nodiscard]] MHD_Result finish(exchange& e);
  void drop_body(exchange& e) noexcept;
  void answer(exchange& e, http_answer a);
  void cut_off(exchange& e, const http_answer& a);
  [[nodiscard]] static MHD_Result send(MHD_Connection* c, const http_answer& a);

  http_limits limits_;
  http_service* service_;
  std::shared_ptr<http_mailbox> mailbox_ = std::make_shared<http_mailbox>();
  MHD_Daemon* daemon_ = nullptr;
  std::list<peer> peers_;
  std::unordered_map<std::uint64_t, std::unique_ptr<exchange>> exchanges_;
  std::uint64_t next_id_ = 1;
  std::size_t buffered_ = 0;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace::library::detail
