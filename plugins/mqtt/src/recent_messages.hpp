#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "millrace/msgpack.hpp"

namespace millrace::mqtt {

/// The last messages of a session that were taken in, to tell apart what the server sends again because it had not seen
/// the acknowledgement.
///
/// MQTT names a message by a number of 16 bits that is used again once it is acknowledged, and counts on, so a message
/// sent again has the number and the content of one of the last ones: as many as a server sends before it waits for
/// acknowledgements. Good for one session: the numbers of another begin anew. Thread: one owner.
class recent_messages {
public:
  static constexpr std::size_t remembered_max = 256;

  [[nodiscard]] bool has(std::uint16_t number, std::string_view topic, std::string_view payload) const;
  /// As the newest one; the oldest one of too many is forgotten.
  void add(std::uint16_t number, std::string_view topic, std::string_view payload);
  void forget(std::uint16_t number);
  void clear() noexcept { known_.clear(); }

  void save(msgpack::writer& out) const;
  bool load(msgpack::reader& in);

private:
  struct message {
    std::uint16_t number = 0;
    std::uint32_t sum = 0;  ///< of topic and payload
    bool operator==(const message&) const = default;
  };
  [[nodiscard]] static message of(std::uint16_t number, std::string_view topic, std::string_view payload);

  std::deque<message> known_;
};

}  // namespace millrace::mqtt
