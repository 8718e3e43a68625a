#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

namespace millrace::transport {

// The control protocol: one MessagePack map a message, no other framing.
//
//   request   {v: 1, id: u64, verb: text, args?: map, deadline_ms?: 1 … 3,600,000, session?: text}
//   answer    {v: 1, id: u64, ok: true, result: any} or {v: 1, id: u64, ok: false, error: {code, class, message}}
//   event     {v: 1, subscription: u64, topic: text, skipped: u64, data: any}
//
// A client begins with `hello` -> {v, session}: an id made by the server, which belongs to the client's key. Its
// requests carry it, and ids that rise. A client whose connection was cut sends the same bytes again on the
// next one: the server finds the session by its id and does nothing twice, it sends the answer again (of the last 16
// requests, 64 KiB). An id that was another request's, or is older, is refused; a session that the server does not know
// is answered with `fenced`. Only local clients may do without a session.
//
// The server itself knows the verbs `hello`, `ping`, `subscribe` {topic, interval_ms?, …} -> {subscription} and
// `unsubscribe` {subscription}; all others are its owner's. What else `subscribe` is given (at most 1,024 bytes as
// JSON) says what of the topic is wanted: the topic's owner knows it. A server may send other maps (a probe for dead
// clients is one): clients pass over what is neither an answer nor an event.

inline constexpr int control_version = 1;
/// Of one message, in both directions.
inline constexpr std::size_t control_message_bytes_max = std::size_t{1} << 20U;
inline constexpr std::chrono::milliseconds control_deadline_default{10'000};
inline constexpr std::chrono::milliseconds control_deadline_max{3'600'000};

struct control_request {
  std::uint64_t id = 0;
  std::string verb{};
  nlohmann::json args = nlohmann::json::object();
  std::chrono::milliseconds deadline = control_deadline_default;
  std::string session{};  ///< empty: none
};

struct control_answer {
  std::uint64_t id = 0;
  result<nlohmann::json> outcome = nlohmann::json{};
};

/// The newest state of a topic; `skipped` states before it were not sent because the client did not keep up.
struct control_event {
  std::uint64_t subscription = 0;
  std::string topic{};
  std::uint64_t skipped = 0;
  nlohmann::json data{};
};

/// What a client receives; monostate: something newer that it may pass over.
using control_message = std::variant<std::monostate, control_answer, control_event>;

void encode_request(const control_request& request, byte_buffer& out);
/// An answer larger than a message may be is replaced by an error that says so.
void encode_answer(const control_answer& answer, byte_buffer& out);
void encode_event(const control_event& event, byte_buffer& out);

/// Reads a request from outside. `id` is set as soon as it is known, so that a bad request can be answered (0:
/// unknown). Errors are the sender's: they name the field. Never throws. Thread: any.
[[nodiscard]] result<control_request> decode_request(bytes_view bytes, std::uint64_t& id);

/// Reads what a server sent. Never throws. Thread: any.
[[nodiscard]] result<control_message> decode_control_message(bytes_view bytes);

}  // namespace millrace::transport
