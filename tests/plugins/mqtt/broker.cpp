#include "broker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace mqtt_tests {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;

bool answers(int port) {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool ok = ::connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(s);
  return ok;
}

}  // namespace

void wait_until(const std::string& what, const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= end) throw std::runtime_error("waited in vain: " + what);
    std::this_thread::sleep_for(2ms);
  }
}

int free_port() {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof any;
  auto* const address = reinterpret_cast<sockaddr*>(&any);
  if (::bind(s, address, size) != 0 || ::getsockname(s, address, &size) != 0)
    throw std::runtime_error("no port of the loopback interface is free");
  ::close(s);
  return ntohs(any.sin_port);
}

broker::broker(const std::string& more)
    // Before there is a configuration it ends at once, and is started again.
    : port_{free_port()}, process_{"mqtt-" + std::to_string(port_), {MOSQUITTO, "-c", "{}/conf"}} {
  const auto text = "listener " + std::to_string(port_) +
                    " 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\npersistence_location " +
                    folder().string() + "/\nautosave_interval 0\nmax_queued_messages 0\nset_tcp_nodelay true\n" + more;
  std::ofstream{folder() / "conf.new"} << text;
  std::filesystem::rename(folder() / "conf.new", folder() / "conf");
  wait_until("the server does not start, see " + (folder() / "log").string(), [&] { return answers(port_); });
}

void broker::save() const {
  const auto file = folder() / "mosquitto.db";
  const auto written = [&] {
    std::error_code none;
    return std::filesystem::last_write_time(file, none);
  };
  const auto before = written();
  pid_t server = -1;
  std::ifstream{folder() / "pid"} >> server;
  if (server > 1) ::kill(server, SIGUSR1);
  wait_until("the server does not save", [&] { return written() != before; });
}

}  // namespace mqtt_tests
