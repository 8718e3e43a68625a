#include "node/peers/peer_news.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds answer_timeout{2};
constexpr std::chrono::seconds pause_first{1};
constexpr std::chrono::seconds pause_max{60};
/// Who has just joined must first hear, by the answer, who is talking to it.
constexpr std::chrono::milliseconds joining_takes{300};
/// Peers in one request: with labels as long as they may be, less than a message may have.
constexpr std::size_t peers_per_request = 32;

std::chrono::seconds pause_after(int failures) {
  const auto doubled = pause_first * (1 << std::min(failures, 6));
  return std::min(std::chrono::seconds{doubled}, pause_max);
}

}  // namespace

result<bool> learn_peers(peer_registry& peers, const std::string& own_key, const std::string& told_by,
                         const json& list) {
  if (!list.is_array() || list.size() > peer_registry::peers_max) {
    return user_error(errc::invalid_argument,
                      "'peers' is no list of at most " + std::to_string(peer_registry::peers_max) + " nodes");
  }
  bool is_changed = false;
  for (const auto& one : list) {
    auto p = peer_from_json(one);
    if (!p) return std::move(p).error();
    if (p->server_key == own_key) continue;
    // Where a node is, only it may change: another one could send its clients astray.
    if (p->server_key != told_by && peers.name_of(p->server_key)) continue;
    const auto learned = peers.learn(*std::move(p));
    if (!learned && learned.error().kind != error_class::user) return learned.error();
    is_changed = is_changed || (learned && *learned);
  }
  return is_changed;
}

peer_news::peer_news(transport::zmq_context& sockets, transport::curve_keys own, peer self, peer_registry& peers,
                     log_function log)
    : sockets_{sockets},
      own_{std::move(own)},
      self_{std::move(self)},
      peers_{peers},
      log_{std::move(log)},
      thread_{[this] { run(); }} {}

peer_news::~peer_news() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void peer_news::wake() {
  {
    const std::lock_guard lock{mutex_};
    is_awake_ = true;
  }
  changed_.notify_one();
}

void peer_news::heard_from(const std::string& key) {
  {
    const std::lock_guard lock{mutex_};
    // Only known ones are heard, so there are never many.
    heard_from_.insert(key);
    is_awake_ = true;
  }
  changed_.notify_one();
}

void peer_news::run() {
  auto due = clock::now();
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait_until(lock, due, [this] { return is_stopping_ || is_awake_; });
      if (is_stopping_) return;
      is_awake_ = false;
      for (const auto& key : std::exchange(heard_from_, {})) {
        if (const auto known = progress_.find(key); known != progress_.end()) known->second.due = clock::now();
      }
    }
    due = tell_those_due();
  }
}

/// When the next one is due.
peer_news::clock::time_point peer_news::tell_those_due() {
  auto next = clock::now() + pause_max;
  const auto revision = peers_.revision() + 1;
  const auto known = peers_.list();
  std::erase_if(progress_,
                [&](const auto& p) { return std::ranges::find(known, p.first, &peer::server_key) == known.end(); });
  for (const auto& p : known) {
    auto& told = progress_.try_emplace(p.server_key, progress{.due = clock::now() + joining_takes}).first->second;
    if (p.control_address.empty() || told.revision_told == revision) continue;
    if (told.due <= clock::now()) {
      const auto outcome = tell(p);
      if (outcome) {
        told = {revision, 0, {}};
        continue;
      }
      if (told.failures == 0)
        log_(log_level::warning, "node " + p.name + " cannot be told: " + outcome.error().message);
      told.due = clock::now() + pause_after(told.failures++);
      const std::lock_guard lock{mutex_};
      if (is_stopping_) return next;
    }
    next = std::min(next, told.due);
  }
  return next;
}

result<void> peer_news::tell(const peer& p) {
  auto client = transport::control_client::connect(sockets_, p.control_address, answer_timeout,
                                                   transport::remote_keys{p.server_key, own_});
  if (!client) return std::move(client).error();
  auto all = peers_.list();
  all.insert(all.begin(), self_);
  for (std::span<const peer> rest{all}; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), peers_per_request));
    rest = rest.subspan(part.size());
    auto list = json::array();
    for (const auto& one : part) list.push_back(to_json(one));
    const auto answer = (*client)->call("peer_learn", {{"peers", std::move(list)}}, answer_timeout);
    if (!answer) return answer.error();
  }
  return {};
}

}  // namespace millrace::node
