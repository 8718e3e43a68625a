#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/transport/control_server.hpp"
#include "node/access/audit_log.hpp"
#include "node/access/key_registry.hpp"
#include "node/access/refusal_counts.hpp"
#include "node/peers/invitations.hpp"
#include "node/peers/peer_registry.hpp"

namespace millrace::node {

/// ISO 8601, of the wall clock, as it is written down.
[[nodiscard]] std::string time_now();

/// Decides about each request of a node, and writes down what was asked for. Thread: control thread, but for what says
/// otherwise.
class gatekeeper {
public:
  /// `denials_noted`: of requests that are denied, how many are written down by name in ten seconds.
  [[nodiscard]] static result<gatekeeper> open(const std::filesystem::path& folder,
                                               std::uint64_t denials_noted = denials_noted_usual);
  static constexpr std::uint64_t denials_noted_usual = 20;

  [[nodiscard]] const transport::curve_keys& own() const noexcept { return keys_.own(); }
  /// For new connections. One that is refused is counted, and written down with those of the same ten seconds.
  [[nodiscard]] std::optional<std::string> admit(const std::string& public_key);
  /// The same without counting who is refused.
  [[nodiscard]] std::optional<std::string> find(const std::string& public_key);
  /// What the caller may do now: a revoked key nothing, also on connections it has. Error: `denied`.
  [[nodiscard]] result<grant> grant_of(const transport::control_caller& who) const;
  /// Whether this caller may have this done. Error: `denied`.
  [[nodiscard]] result<void> check(const transport::control_caller& who, const verb_rule& rule,
                                   const std::string& topology, const std::string& part = {}) const;
  /// Writes down what came of it: of verbs that change something, and of those that were denied. Of the latter, in ten
  /// seconds, the first ones with their names and the others by their number. `detail`: see `audit_detail`.
  [[nodiscard]] result<void> note(const transport::control_caller& who, const std::string& verb,
                                  const std::string& topology, const std::string& outcome,
                                  const std::string& detail = {});

  /// Writes down what another node had done here over its link: in ten seconds a few, and of more their number. Thread:
  /// any.
  void note_guest(const std::string& peer, const std::string& topology, const std::string& outcome);
  /// Strangers knocked at the port for other nodes, so many since the last word of it. Thread: any.
  void note_strangers(std::uint64_t count);

  /// The other nodes; any thread may ask, and change them.
  [[nodiscard]] peer_registry& peers() noexcept { return *peers_; }
  [[nodiscard]] const peer_registry& peers() const noexcept { return *peers_; }
  [[nodiscard]] invitations& invited() noexcept { return invited_; }
  /// The public key that a node asks with; empty: a person's, or none.
  [[nodiscard]] static std::string key_of_node(const transport::control_caller& who);

  /// A key or an invitation has ended, and connections may have been made with it. Says so once. Thread: any, one at a
  /// time.
  [[nodiscard]] bool has_shut_out();
  void shut_out() noexcept { *shut_out_at_ = 0; }

  /// Since it was opened. Thread: any.
  [[nodiscard]] refusal_counts refusals() const noexcept { return {turned_away_->connections, turned_away_->requests}; }

  [[nodiscard]] result<nlohmann::json> create_key(const nlohmann::json& args);
  /// The key before is good for some time still.
  [[nodiscard]] result<nlohmann::json> rotate_key(const nlohmann::json& args);
  [[nodiscard]] result<nlohmann::json> revoke_key(const nlohmann::json& args);
  [[nodiscard]] nlohmann::json list_keys() const;
  /// An offer as `key_invite` asks for it. Errors: a name that is none or taken, no role.
  [[nodiscard]] result<key_offer> offer_in(const nlohmann::json& args) const;
  /// Makes the offered key of the invitation that `who` came with, once; the same key may come again. Errors
  /// (`denied`): it is for a node, has ended, was used.
  [[nodiscard]] result<nlohmann::json> accept_key(const transport::control_caller& who, const nlohmann::json& args);
  /// The newest entries of the audit log, and whether all of it is as it was written.
  [[nodiscard]] result<nlohmann::json> read_log(const nlohmann::json& args);

private:
  gatekeeper(key_registry keys, audit_log log, peer_registry peers, invitations invited, std::uint64_t denials_noted)
      : keys_{std::move(keys)},
        log_{std::move(log)},
        peers_{std::make_unique<peer_registry>(std::move(peers))},
        invited_{std::move(invited)},
        shut_out_at_{std::make_unique<std::atomic<std::int64_t>>(never)},
        denied_{.entries_max = denials_noted} {}
  [[nodiscard]] std::string name_of(const transport::control_caller& who) const;

  /// So that nobody fills the disk by asking for what they may not have.
  struct allowance {
    std::uint64_t entries_max;
    std::uint64_t entries = 0;  // in the present ten seconds
    std::uint64_t left_out = 0;
    std::chrono::steady_clock::time_point since{};
    /// How many were left out before this one; nothing: this one is left out, too.
    [[nodiscard]] std::optional<std::uint64_t> take();
  };

  struct counters {
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> requests{0};
  };

  key_registry keys_;
  std::unique_ptr<std::mutex> writing_ = std::make_unique<std::mutex>();  // of the log, and what it leaves out
  audit_log log_;
  audit_log::memory verified_;
  std::unique_ptr<peer_registry> peers_;
  invitations invited_;
  static constexpr std::int64_t never = INT64_MAX;
  std::unique_ptr<std::atomic<std::int64_t>> shut_out_at_;  // seconds since 1970
  allowance refused_{.entries_max = 1};                     // connections
  allowance strangers_{.entries_max = 1};                   // at the port for other nodes
  static constexpr std::uint64_t guests_noted = 20;
  allowance guests_{.entries_max = guests_noted};
  allowance denied_;
  std::unique_ptr<counters> turned_away_ = std::make_unique<counters>();
};

}  // namespace millrace::node
