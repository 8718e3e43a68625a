#pragma once

#include <QtCore/QtGlobal>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "../counted_records.hpp"
#include "millrace/transport/link_hub.hpp"
#include "sanitizer.hpp"

/// Two and more hubs in one process, what they tell, and channels between them.
namespace millrace::transport::test {

inline constexpr std::chrono::seconds patience{20 * tests::patience};

inline const auto numbers = std::make_shared<const counted_type>();

/// Counts its rings, and wakes whoever waits for something to have changed.
class shared_bell final : public engine::doorbell {
public:
  void ring() noexcept override {
    const std::lock_guard lock{mutex_};
    ++rings_;
    changed_.notify_all();
  }
  [[nodiscard]] int rings() const {
    const std::lock_guard lock{mutex_};
    return rings_;
  }
  /// Waits for `is_done`, which is asked again after each ring and now and then.
  [[nodiscard]] bool wait(const std::function<bool()>& is_done) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!is_done()) {
      std::unique_lock lock{mutex_};
      if (std::chrono::steady_clock::now() > end) return false;
      changed_.wait_for(lock, std::chrono::milliseconds{5});
    }
    return true;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int rings_ = 0;
};

/// Waits for a condition, with a limit.
[[nodiscard]] inline bool until(const std::function<bool()>& is_done) {
  shared_bell none;
  return none.wait(is_done);
}

inline byte_buffer bytes_of(std::string_view text) {
  byte_buffer b;
  b.append(as_bytes(text));
  return b;
}

/// What one hub has told.
class diary {
public:
  [[nodiscard]] link_events events() {
    return {.on_message = [this](const std::string& peer,
                                 bytes_view m) { note(messages_, peer + ": " + std::string{as_text(m)}); },
            .on_reached = [this](const std::string& peer) { note(reached_, peer); },
            .on_lost = [this](const std::string& peer, const std::string& why) { note(lost_, peer + ": " + why); }};
  }
  [[nodiscard]] std::vector<std::string> messages() const { return copy(messages_); }
  [[nodiscard]] std::vector<std::string> reached() const { return copy(reached_); }
  [[nodiscard]] std::vector<std::string> lost() const { return copy(lost_); }

private:
  void note(std::vector<std::string>& in, std::string what) {
    const std::lock_guard lock{mutex_};
    in.push_back(std::move(what));
  }
  [[nodiscard]] std::vector<std::string> copy(const std::vector<std::string>& of) const {
    const std::lock_guard lock{mutex_};
    return of;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::vector<std::string> reached_;
  std::vector<std::string> lost_;
};

/// A hub, its keys and its diary. `address` is where others should dial it; a proxy puts its own there.
struct node {
  explicit node(std::string called, link_options options = {}) : name{std::move(called)} {
    if (!options.is_insecure) keys = options.keys ? *options.keys : *make_curve_keys();
    options.name = name;
    if (options.listen.empty()) options.listen = "tcp://127.0.0.1:*";
    if (!options.is_insecure) options.keys = keys;
    auto opened = link_hub::open(std::move(options), told.events());
    if (!opened) qFatal("%s", opened.error().message.c_str());
    hub = std::move(*opened);
    address = hub->address();
  }

  void knows(const node& other, std::string at = {}) {
    const auto added = hub->add_peer({other.name, at.empty() ? other.address : at, other.keys.public_key});
    if (!added) qFatal("%s", added.error().message.c_str());
  }

  std::string name;
  curve_keys keys;
  diary told;
  std::unique_ptr<link_hub> hub;
  std::string address;
};

inline link_channel channel_to(const std::string& peer, std::uint32_t id = 7, std::uint64_t incarnation = 1) {
  return {.topology = {42}, .channel = {id}, .incarnation = {incarnation}, .peer = peer, .type = numbers};
}

inline engine::frame numbers_frame(std::uint64_t first, std::uint32_t count = 1, std::uint32_t id = 7,
                                   std::uint64_t incarnation = 1) {
  return {.kind = engine::frame_kind::data,
          .channel = {id},
          .incarnation = {incarnation},
          .first = {first},
          .count = count,
          .body = numbers_from(*numbers, first, count)};
}

/// Both ends of one channel from one node to another.
struct channel_ends {
  channel_ends(node& from, node& to, std::uint32_t id = 7, std::uint64_t incarnation = 1) {
    auto receiving = to.hub->open_receiver(channel_to(from.name, id, incarnation), receiver_bell);
    if (!receiving) qFatal("%s", receiving.error().message.c_str());
    receiver = std::move(*receiving);
    auto sending = from.hub->open_sender(channel_to(to.name, id, incarnation), sender_bell);
    if (!sending) qFatal("%s", sending.error().message.c_str());
    sender = std::move(*sending);
  }

  /// Waits for the next frame.
  [[nodiscard]] engine::receive_status receive(engine::frame& f) {
    auto status = engine::receive_status::empty;
    static_cast<void>(
        receiver_bell->wait([&] { return (status = receiver->receive(f)) != engine::receive_status::empty; }));
    return status;
  }

  std::shared_ptr<shared_bell> sender_bell = std::make_shared<shared_bell>();
  std::shared_ptr<shared_bell> receiver_bell = std::make_shared<shared_bell>();
  std::unique_ptr<engine::channel_sender> sender;
  std::unique_ptr<engine::channel_receiver> receiver;
};

}  // namespace millrace::transport::test
