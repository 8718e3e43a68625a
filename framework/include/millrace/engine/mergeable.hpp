#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "millrace/bytes.hpp"
#include "millrace/codec.hpp"
#include "millrace/msgpack.hpp"

namespace millrace {

class actor;
class context;

namespace engine {

/// What an instance of an actor does with keys that are spread over several partitions ("salted").
enum class salt_role : std::uint8_t {
  whole,     ///< not salted: all events of a key come here
  collects,  ///< takes the events that come here, and sends what it made of them to the partition that merges
  merges,    ///< takes these partial results, and does all the rest
  gathers,   ///< the router between the two
};

/// Keyed state whose parts can be kept in several places: windows, running totals.
///
/// The problem: all events of a key go to one partition, so one hot key makes one partition the bottleneck of them all.
/// What a state merely adds up can be added up in several places first. Each such state registers itself with its actor
/// and is told its role before the first event. Thread: owning task.
class mergeable {
public:
  mergeable(const mergeable&) = delete;
  mergeable& operator=(const mergeable&) = delete;
  virtual ~mergeable() = default;

  [[nodiscard]] const std::string& state_name() const noexcept { return state_name_; }
  /// Why parts of it cannot be merged after all; empty: they can. Asked after `configure`.
  [[nodiscard]] virtual std::string obstacle() const { return {}; }
  void take_role(salt_role role) {
    role_ = role;
    role_changed();
  }
  /// Negative controls only: what this place has collected is never sent.
  void lose_partials() noexcept { loses_ = true; }
  /// Adds what another place sent for the current key. `at`: what it gave to `send_partial`.
  virtual void merge_partial(context& c, std::int64_t at, bytes_view content) = 0;

protected:
  mergeable(actor* owner, std::string state_name);
  virtual void role_changed() {}
  [[nodiscard]] salt_role role() const noexcept { return role_; }

  /// Sends what was collected of the current key on to be merged.
  template <class Acc>
  void send_partial(std::int64_t at, const Acc& collected) {
    content_.clear();
    msgpack::writer w{content_};
    codec<Acc>::encode(w, collected);
    send(at, content_.view());
  }
  template <class Acc>
  [[nodiscard]] Acc read_partial(bytes_view content) const {
    Acc out{};
    msgpack::reader in{content};
    if (!codec<Acc>::decode(in, out)) refuse();
    return out;
  }

private:
  void send(std::int64_t at, bytes_view content);
  [[noreturn]] void refuse() const;

  actor* actor_;
  std::string state_name_;
  std::uint32_t number_;
  salt_role role_ = salt_role::whole;
  bool loses_ = false;
  byte_buffer content_;
};

/// Gives a fresh instance its role, and with it the ports through which partial results go. Before `configure`.
void take_salt_role(actor& a, salt_role role);

}  // namespace engine
}  // namespace millrace
