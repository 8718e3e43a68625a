#include "cluster.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "millrace/library.hpp"
#include "millrace/transport/control_client.hpp"
#include "millrace/transport/control_endpoint.hpp"
#include "node/access/gatekeeper.hpp"
#include "node/node.hpp"
#include "support/free_address.hpp"

namespace millrace::distributed {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

fs::path data_of(const fs::path& folder, const std::string& name) {
  return folder / ("node-" + name);
}

volatile std::sig_atomic_t is_ending = 0;

}  // namespace

cluster::cluster(options o) : options_{std::move(o)} {
  for (const auto& name : options_.names) {
    fs::create_directories(data_of(options_.folder, name));
    auto gate = node::gatekeeper::open(data_of(options_.folder, name));
    if (!gate) throw std::runtime_error(gate.error().message);
    keys_[name] = gate->own().public_key;
    addresses_[name] = support::free_address();
    processes_[name] = 0;
  }
  auto seed = options_.seed;
  for (const auto& from : options_.names) {
    for (const auto& to : options_.names) {
      if (from != to) lines_[{from, to}] = std::make_unique<support::tcp_proxy>(addresses_[to], ++seed);
    }
  }
  write_peers();
}

void cluster::write_peers() const {
  for (const auto& from : options_.names) {
    auto known = node::peer_registry::open(data_of(options_.folder, from));
    if (!known) throw std::runtime_error(known.error().message);
    for (const auto& to : options_.names) {
      if (from == to) continue;
      // Without a control address nobody tells it of the addresses behind the proxies.
      auto added = known->add({.name = to,
                               .control_address = "",
                               .link_address = lines_.at({from, to})->address(),
                               .server_key = keys_.at(to)});
      if (!added) throw std::runtime_error(added.error().message);
    }
  }
}

cluster::~cluster() {
  for (const auto& [name, pid] : processes_) kill(name);
}

void cluster::start(const std::string& name) {
  const auto folder = options_.folder.string();
  const auto log = (options_.folder / (name + ".log")).string();
  const auto pid = ::fork();
  if (pid < 0) throw std::runtime_error("there is no room for another process");
  if (pid == 0) {
    // Between fork and exec: no allocation, other threads may have held locks.
    if (std::freopen(log.c_str(), "a", stderr) == nullptr) ::_exit(3);
    ::execl(options_.program.c_str(), options_.program.c_str(), "--node", name.c_str(), "--folder", folder.c_str(),
            "--link", addresses_.at(name).c_str(), "--break", options_.broken.c_str(),
            options_.is_compressed ? "--compress" : static_cast<char*>(nullptr), static_cast<char*>(nullptr));
    ::_exit(3);
  }
  processes_[name] = pid;
}

void cluster::kill(const std::string& name) {
  auto& pid = processes_.at(name);
  if (pid == 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  pid = 0;
}

bool cluster::is_alive(const std::string& name) const {
  siginfo_t ended{};
  const auto pid = processes_.at(name);
  if (pid == 0) return false;
  // Left to be waited for by `kill`.
  const bool is_known = ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0;
  return is_known && ended.si_pid == 0;
}

result<nlohmann::json> cluster::ask(const std::string& verb, const nlohmann::json& args) {
  const auto& lead = options_.names.front();
  if (!is_up(lead)) return retryable_error(errc::unavailable, "the lead is down");
  const auto folder = transport::runtime_folder();
  const auto at = transport::endpoint_of(*folder, std::string{transport::node_prefix} + lead,
                                         static_cast<std::uint32_t>(processes_.at(lead)));
  auto sockets = transport::zmq_context::open(0);
  auto client = transport::control_client::connect(*sockets, at->address, 500ms);
  if (!client) return client.error();
  return (*client)->call(verb, args, 1s);
}

std::string cluster::state(const std::string& topology) {
  const auto status = ask("status", {{"topology", topology}});
  return status ? status->value("state", "") : std::string{};
}

void cluster::disturb(std::mt19937_64& random) {
  auto at = lines_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random() % lines_.size()));
  auto& proxy = *at->second;
  switch (random() % 5) {
    case 0:
      proxy.cut();
      break;
    case 1:
      proxy.set({.delay = std::chrono::milliseconds{random() % 30}});
      break;
    case 2:
      proxy.set({.cut_after_bytes = options_.cut_bytes / 10 + random() % options_.cut_bytes});
      break;
    case 3:
      proxy.freeze();
      break;
    default:
      proxy.set({});
      break;
  }
}

void cluster::heal() {
  for (auto& [between, proxy] : lines_) proxy->set({});
}

std::uint64_t cluster::cuts() const {
  std::uint64_t all = 0;
  for (const auto& [between, proxy] : lines_) all += proxy->cuts();
  return all;
}

std::uint64_t cluster::bytes() const {
  std::uint64_t all = 0;
  for (const auto& [between, proxy] : lines_) all += proxy->bytes();
  return all;
}

int be_node(const std::string& name, const fs::path& folder, const std::string& link, const std::string& broken,
            bool is_compressed) {
  link_library();
  std::signal(SIGTERM, [](int) { is_ending = 1; });
  engine::protections protect;
  protect.align_barriers = broken != "align";
  protect.replay_log = broken != "replay";
  auto opened = node::node::open({.name = name,
                                  .data_dir = data_of(folder, name).string(),
                                  .threads = 1,
                                  .address = "tcp://127.0.0.1:1",
                                  .link = link,
                                  .compresses_links = is_compressed,
                                  .protect = protect,
                                  .log = [](log_level level, const std::string& text) {
                                    if (level >= log_level::warning) std::fprintf(stderr, "%s\n", text.c_str());
                                  }});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 1;
  }
  const auto ended = (*opened)->work([](std::chrono::milliseconds t) {
    std::this_thread::sleep_for(t);
    return is_ending != 0;
  });
  return ended == node::node::ending::stopped ? 0 : 1;
}

}  // namespace millrace::distributed
