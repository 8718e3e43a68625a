#include "node/node.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "millrace/topology.hpp"
#include "millrace/transport/control_endpoint.hpp"
#include "millrace/transport/node_address.hpp"
#include "node/leftover_sockets.hpp"
#include "node/placing/log_places.hpp"
#include "node/wall_clock.hpp"

namespace millrace::node {

namespace {

/// How soon what was asked for is begun, and the end of a run noticed.
constexpr std::chrono::milliseconds tick{20};

/// What other nodes keep must be good for them, and after the next start too.
result<void> check_addresses(const node_options& o) {
  if (!o.address.empty()) {
    if (auto fine = transport::check_node_address(o.address); !fine) return fine;
  }
  if (o.link.empty()) return {};
  if (o.listen.empty() && o.address.empty()) {
    return user_error(errc::invalid_argument, "a node with --link needs --listen: other nodes have to reach it");
  }
  return transport::check_node_address(transport::reachable_address(o.link));
}

}  // namespace

result<std::unique_ptr<node>> node::open(node_options options) {
  if (!is_valid_name(options.name)) {
    return user_error(errc::invalid_argument,
                      "'" + options.name + "' is no name for a node: take 1 to 64 of a-z, A-Z, 0-9, _ and -");
  }
  if (auto fine = check_addresses(options); !fine) return std::move(fine).error();
  if (!options.topology_log) {
    options.topology_log = [log = options.log](log_level level, const std::string& topology, const std::string& text) {
      log(level, topology + ": " + text);
    };
  }
  auto store = deployment_store::open(options.data_dir);
  if (!store) return std::move(store).error();
  auto gate = gatekeeper::open(store->folder(), options.denials_noted);
  if (!gate) return std::move(gate).error();
  std::unique_ptr<node> made{new node{std::move(options), *std::move(store), *std::move(gate)}};
  if (auto linked = made->open_links(); !linked) return std::move(linked).error();
  if (auto loaded = made->load(); !loaded) return std::move(loaded).error();
  if (auto watched = made->watch_alerts(); !watched) return std::move(watched).error();
  if (auto listening = made->listen(); !listening) return std::move(listening).error();
  if (auto tried = made->try_door(); !tried) return std::move(tried).error();
  if (auto shown = made->show_metrics(); !shown) return std::move(shown).error();
  made->follow_peers();
  return made;
}

node::node(node_options options, deployment_store store, gatekeeper gate)
    : options_{std::move(options)}, store_{std::move(store)}, gate_{std::move(gate)} {}

node::~node() {
  // First nobody asks any more.
  if (alerts_ != nullptr) alerts_->stop_asking();
  metrics_.reset();
  server_.reset();
  news_.reset();
  // Runs need the links to part from other nodes.
  hosted_.clear();
  removed_.clear();
  guests_.reset();
}

std::vector<measured_topology> node::measured() const {
  std::vector<measured_topology> out;
  for (const auto& h : all()) out.push_back(h->measured());
  return out;
}

measured_process node::measured_around(const process_probe& probe) const {
  measured_process out{.own = probe.look()};
  if (links_) {
    for (const auto& p : peers().list()) {
      if (!p.link_address.empty()) out.links.push_back({p.name, links_->statistics(p.name)});
    }
    out.link_strangers = strangers_.load();
  }
  if (!options_.listen.empty()) out.refused = gate_.refusals();
  if (alerts_ != nullptr) out.firing = alerts_->firing();
  return out;
}

result<void> node::watch_alerts() {
  if (options_.alerts.empty()) return {};
  auto opened = alert_watch::open(options_.alerts, options_.log);
  if (!opened) return std::move(opened).error();
  alerts_ = *std::move(opened);
  return {};
}

void node::look_at_alerts(hosted_topology::clock::time_point now) {
  alerts_->look(
      now, [this] { return measured(); },
      [this](const std::string& topology, const json& args) -> result<json> {
        hosted_ptr h;
        {
          const std::lock_guard lock{mutex_};
          const auto at = hosted_.find(topology);
          if (at != hosted_.end()) h = at->second;
        }
        if (h == nullptr) return user_error(errc::unavailable, "it is gone");
        return h->state(args);
      });
}

result<void> node::show_metrics() {
  if (options_.metrics.empty()) return {};
  auto started = metrics_server::start(
      options_.metrics, [this] { return measured(); },
      [this, probe = process_probe{store_.folder()}] { return measured_around(probe); });
  if (!started) return std::move(started).error();
  metrics_ = *std::move(started);
  if (metrics_->is_open_to_others()) {
    options_.log(log_level::warning, "whoever reaches " + metrics_->url() + " may read the metrics of this node");
  }
  return {};
}

result<void> node::open_links() {
  if (options_.link.empty()) return {};
  auto opened = link_exchange::open({options_.name, options_.link, gate_.own(), options_.compresses_links});
  if (!opened) return std::move(opened).error();
  links_ = *std::move(opened);
  guests_ = std::make_unique<guest_keeper>(
      guest_keeper::options{links_, store_.folder(), options_.threads, options_.protect, options_.topology_log,
                            [this](const std::string& lead, const std::string& topology, const std::string& outcome) {
                              gate_.note_guest(lead, topology, outcome);
                            }});
  return {};
}

result<runtime::placement> node::place(const deployment& d, const engine::plan& p) const {
  runtime::placement out;
  if (!d.where.empty() && !links_) {
    return user_error(errc::invalid_argument,
                      "'" + d.name + "' is placed on several nodes, and this one has no links: start it with --link");
  }
  std::vector<place_for_tasks> others;
  for (const auto& other : peers().list()) {
    if (links_ && !other.link_address.empty()) others.push_back({other.name, other.labels});
  }
  auto nodes = place_tasks(p, d.where, {options_.name, options_.labels}, others);
  if (!nodes) return std::move(nodes).error();
  const auto logs = log_places::read(store_.data_dir_of(d.name));
  if (!logs) return logs.error();
  if (auto kept = logs->apply(p, d.where, options_.name, others, *nodes); !kept) return std::move(kept).error();
  const bool is_all_here = std::ranges::all_of(*nodes, [&](const auto& n) { return n == options_.name; });
  if (d.where.empty() && is_all_here) return out;
  out.nodes = links_;
  out.text = d.text;
  out.base_folder = d.base_folder;
  out.node_of = *std::move(nodes);
  return out;
}

/// As it is about to run.
result<runtime::placement> node::place_for_good(const deployment& d, const engine::plan& p) const {
  auto placed = place(d, p);
  if (!placed) return placed;
  auto logs = log_places::read(store_.data_dir_of(d.name));
  if (!logs) return logs.error();
  if (auto kept = logs->keep(p, options_.name, placed->node_of); !kept) return std::move(kept).error();
  return placed;
}

void node::work_for_others() {
  if (!links_) return;
  if (const auto problem = links_->follow(peers()); !problem.empty()) options_.log(log_level::error, problem);
  guests_->advance();
  const auto keys = links_->take_strangers();
  // A node that has just joined may have knocked before this one listened for it.
  const auto strangers =
      std::ranges::count_if(keys, [this](const std::string& key) { return !peers().name_of(key).has_value(); });
  if (strangers == 0) return;
  strangers_ += static_cast<std::uint64_t>(strangers);
  gate_.note_strangers(static_cast<std::uint64_t>(strangers));
}

node::json node::links() const {
  auto out = json::array();
  if (!links_) return out;
  for (const auto& p : peers().list()) {
    if (p.link_address.empty()) continue;
    const auto s = links_->statistics(p.name);
    out.push_back({{"node", p.name},
                   {"address", p.link_address},
                   {"reached", s.is_reached},
                   {"problem", s.problem},
                   {"round_trip_us", s.round_trip.count()},
                   {"bytes_sent", s.bytes_sent},
                   {"bytes_received", s.bytes_received},
                   {"uncompressed_bytes_sent", s.uncompressed_bytes_sent},
                   {"messages_resent", s.messages_resent},
                   {"duplicates_dropped", s.duplicates_dropped},
                   {"malformed_refused", s.malformed_refused},
                   {"stale_refused", s.stale_refused},
                   {"gaps_refused", s.gaps_refused},
                   {"unknown_channels", s.unknown_channels},
                   {"connections", s.connections},
                   {"losses", s.losses}});
  }
  return out;
}

result<void> node::load() {
  auto known = store_.load();
  if (!known) return std::move(known).error();
  for (auto& d : *known) {
    if (options_.begins_at_rest && d.is_wanted) {
      // For good: a start after a crash, without the option, goes on with what was asked for since, and not with this.
      d.is_wanted = false;
      if (auto saved = store_.save(d); !saved) return saved;
    }
    const auto name = d.name;
    hosted_[name] = host(std::move(d));
  }
  return {};
}

result<void> node::listen() {
  auto folder = transport::runtime_folder();
  if (!folder) return std::move(folder).error();
  remove_leftover_sockets(*folder);
  auto endpoint = transport::endpoint_of(*folder, std::string{transport::node_prefix} + options_.name,
                                         static_cast<std::uint32_t>(::getpid()));
  if (!endpoint) return std::move(endpoint).error();
  auto sockets = transport::zmq_context::open(0);
  if (!sockets) return std::move(sockets).error();
  sockets_ = std::make_unique<transport::zmq_context>(*std::move(sockets));
  transport::control_service service;
  service.on_request = [this](const caller& who, const std::string& verb, const json& args) {
    return answer(who, verb, args);
  };
  service.on_topic = [this](const caller& who, const std::string&, const json& choice) {
    return telemetry(who, choice);
  };
  service.on_hello = [this](const caller& who) -> result<json> {
    if (trial_.is_own(who)) return user_error(errc::denied, "nobody works here with the key of the node's own trial");
    if (auto known = gate_.grant_of(who); !known) return std::move(known).error();
    return json{};
  };
  service.on_refused = [this](const caller& who, const std::string& verb) {
    if (!trial_.is_own(who)) (void)gate_.note(who, verb, "", to_string(errc::denied));
  };
  std::optional<transport::remote_access> remote;
  if (!options_.listen.empty()) {
    remote.emplace();
    remote->address = options_.listen;
    remote->keys = gate_.own();
    remote->find_key = [this](const std::string& key) {
      if (auto own = trial_.admit(key)) return own;
      return trial_.is_stranger(key) ? gate_.find(key) : gate_.admit(key);
    };
  }
  // The first request may come before this is done, and wants what is set here.
  const std::lock_guard lock{mutex_};
  auto server = transport::control_server::start(*sockets_, endpoint->address, std::move(service), std::move(remote));
  if (!server) return std::move(server).error();
  server_ = *std::move(server);
  listening_at_ = server_->remote_address();
  return {};
}

/// Nobody is told that the node is ready before its door was seen to hold.
result<void> node::try_door() {
  if (options_.listen.empty()) return {};
  return trial_.run(*sockets_, {server_->remote_address(), gate_.own().public_key});
}

void node::follow_peers() {
  auto news = std::make_unique<peer_news>(*sockets_, gate_.own(), self(), gate_.peers(), options_.log);
  const std::lock_guard lock{mutex_};
  news_ = std::move(news);
}

node::hosted_ptr node::host(deployment d) {
  runtime::run_options o;
  o.data_dir = store_.data_dir_of(d.name);
  o.threads = options_.threads;
  o.protect = options_.protect;
  o.retained = retained_;
  o.retained_disk_bytes_max = options_.retained_disk_bytes_max;
  o.trace = options_.tracing.rule;
  auto book = std::make_shared<log_book>(d.name, store_.log_file_of(d.name));
  o.log = [log = options_.topology_log, book, name = d.name](log_level level, const std::string& text) {
    book->add(level, text, wall_now());
    log(level, name, text);
  };
  return std::make_shared<hosted_topology>(
      std::move(d), std::move(o),
      [this](const deployment& what, const engine::plan& p) { return place_for_good(what, p); },
      [this](const std::function<deployment()>& change) {
        const std::lock_guard lock{mutex_};
        auto changed = change();
        // Removed meanwhile: it must not come back with the next start.
        if (!hosted_.contains(changed.name)) return result<void>{};
        return store_.save(changed);
      },
      std::move(book), options_.tracing, options_.name);
}

std::vector<node::hosted_ptr> node::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<hosted_ptr> out;
  for (const auto& [name, h] : hosted_) out.push_back(h);
  for (const auto& [name, h] : removed_) out.push_back(h);
  return out;
}

std::size_t node::topologies() const {
  const std::lock_guard lock{mutex_};
  return hosted_.size();
}

bool node::has_left_behind() const {
  return std::ranges::any_of(all(), [](const auto& h) { return h->holds_data(); });
}

node::ending node::work(const std::function<bool(std::chrono::milliseconds)>& wait) {
  bool is_stopping = false;
  for (;;) {
    work_for_others();
    if (metrics_ != nullptr) metrics_->beat();
    const auto hosted = all();
    const auto now = hosted_topology::clock::now();
    for (const auto& h : hosted) {
      // What is stopped with the node is still wanted: it runs again with the next start.
      if (is_stopping && !h->stops_with_node()) h->stop_with_node();
      h->advance(now);
      if (h->is_escalated()) return ending::escalated;
    }
    {
      const std::lock_guard lock{mutex_};
      std::erase_if(removed_, [&](const auto& r) {
        if (!r.second->is_at_rest() || r.second->is_at_work() || r.second->holds_data()) return false;
        if (auto gone = store_.remove(r.first); !gone) options_.log(log_level::error, gone.error().message);
        return true;
      });
    }
    if (server_ != nullptr && gate_.has_shut_out()) server_->has_stale_connections();
    if (alerts_ != nullptr && !is_stopping) look_at_alerts(now);
    if (is_stopping && std::ranges::all_of(hosted, [](const auto& h) { return h->is_at_rest() && !h->is_at_work(); })) {
      return ending::stopped;
    }
    if (!is_stopping) {
      is_stopping = wait(tick);
      if (is_stopping) server_.reset();
    } else {
      (void)wait(tick);
    }
  }
}

}  // namespace millrace::node
