#include "millrace/transport/control_protocol.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "error_words.hpp"
#include "millrace/transport/json_codec.hpp"

namespace millrace::transport {
namespace {

using nlohmann::json;

constexpr std::size_t verb_bytes_max = 64;
constexpr std::size_t session_bytes_max = 64;
constexpr std::array<std::string_view, 6> request_fields{"v", "id", "verb", "args", "deadline_ms", "session"};
constexpr json_limits message_limits{.bytes_max = control_message_bytes_max};
/// Requests are small but for the text of a topology, which is one value.
constexpr json_limits request_limits{.bytes_max = control_message_bytes_max, .values_max = 50'000};

error bad_request(std::string what) {
  return user_error(errc::invalid_argument, "control request: " + std::move(what));
}

void encode(const json& document, byte_buffer& out) {
  out.clear();
  json_to_msgpack(document, out);
}

json answer_document(const control_answer& answer) {
  json document{{"v", control_version}, {"id", answer.id}, {"ok", answer.outcome.has_value()}};
  if (answer.outcome) {
    document["result"] = answer.outcome.value();
  } else {
    document["error"] = error_to_json(answer.outcome.error());
  }
  return document;
}

/// The member of that name when `is` accepts it, else nullptr.
const json* member(const json& document, const char* name, bool (json::*is)() const noexcept) {
  const auto at = document.find(name);
  return at != document.end() && ((*at).*is)() ? &*at : nullptr;
}

result<void> check_version(const json& document) {
  const json* const version = member(document, "v", &json::is_number_integer);
  if (version == nullptr) {
    return bad_request("field 'v' (protocol version) is missing or no integer");
  }
  if (*version != control_version) {
    return bad_request("protocol version " + version->dump() + " is not spoken here, " +
                       std::to_string(control_version) + " is: use programs of one release");
  }
  return {};
}

result<void> check_fields(const json& document) {
  for (const auto& [name, value] : document.items()) {
    if (std::ranges::find(request_fields, name) == request_fields.end()) {
      return bad_request("unknown field '" + name + "', known are v, id, verb, args, deadline_ms, session");
    }
  }
  return {};
}

result<std::chrono::milliseconds> read_deadline(const json& document) {
  if (!document.contains("deadline_ms")) {
    return control_deadline_default;
  }
  const json* const deadline = member(document, "deadline_ms", &json::is_number_unsigned);
  // As numbers without sign: compared as JSON, one of 2^63 and more would be less than none.
  constexpr auto most = static_cast<std::uint64_t>(control_deadline_max.count());
  if (deadline == nullptr || *deadline == 0U || deadline->get<std::uint64_t>() > most) {
    return bad_request("field 'deadline_ms' is no integer from 1 to " + std::to_string(control_deadline_max.count()));
  }
  return std::chrono::milliseconds{deadline->get<std::int64_t>()};
}

result<control_request> read_request(json& document, std::uint64_t id) {
  control_request request{.id = id};
  const json* const verb = member(document, "verb", &json::is_string);
  if (verb == nullptr || verb->get_ref<const std::string&>().empty() ||
      verb->get_ref<const std::string&>().size() > verb_bytes_max) {
    return bad_request("field 'verb' is missing, or no text of 1 to " + std::to_string(verb_bytes_max) + " bytes");
  }
  request.verb = verb->get<std::string>();
  if (document.contains("args")) {
    if (!document["args"].is_object()) {
      return bad_request("field 'args' is no map");
    }
    request.args = std::move(document["args"]);
  }
  const auto deadline = read_deadline(document);
  if (!deadline) {
    return deadline.error();
  }
  request.deadline = *deadline;
  if (document.contains("session")) {
    const json* const session = member(document, "session", &json::is_string);
    if (session == nullptr || session->get_ref<const std::string&>().empty() ||
        session->get_ref<const std::string&>().size() > session_bytes_max) {
      return bad_request("field 'session' is no text of 1 to " + std::to_string(session_bytes_max) + " bytes");
    }
    request.session = session->get<std::string>();
  }
  return request;
}

result<control_message> read_answer(json& document, std::uint64_t id) {
  const json* const ok = member(document, "ok", &json::is_boolean);
  const char* const part = ok != nullptr && ok->get<bool>() ? "result" : "error";
  if (ok == nullptr || !document.contains(part)) {
    return fatal_error(errc::parse_error, "control answer " + std::to_string(id) + " has neither result nor error");
  }
  if (ok->get<bool>()) {
    return control_message{control_answer{id, std::move(document["result"])}};
  }
  return control_message{control_answer{id, error_from_json(document["error"])}};
}

result<control_message> read_event(json& document, std::uint64_t subscription) {
  const json* const topic = member(document, "topic", &json::is_string);
  const json* const skipped = member(document, "skipped", &json::is_number_unsigned);
  if (topic == nullptr || skipped == nullptr || !document.contains("data")) {
    return fatal_error(errc::parse_error, "control event without topic, skipped or data");
  }
  return control_message{control_event{subscription, topic->get<std::string>(), skipped->get<std::uint64_t>(),
                                       std::move(document["data"])}};
}

}  // namespace

void encode_request(const control_request& request, byte_buffer& out) {
  json document{{"v", control_version},
                {"id", request.id},
                {"verb", request.verb},
                {"args", request.args},
                {"deadline_ms", request.deadline.count()}};
  if (!request.session.empty()) document["session"] = request.session;
  encode(document, out);
}

void encode_answer(const control_answer& answer, byte_buffer& out) {
  encode(answer_document(answer), out);
  if (out.size() > control_message_bytes_max) {
    const auto too_large = user_error(errc::limit_exceeded,
                                      "the answer has " + std::to_string(out.size()) + " bytes, a message may have " +
                                          std::to_string(control_message_bytes_max) + ": ask for less at a time");
    encode(answer_document({answer.id, too_large}), out);
  }
}

void encode_event(const control_event& event, byte_buffer& out) {
  encode({{"v", control_version},
          {"subscription", event.subscription},
          {"topic", event.topic},
          {"skipped", event.skipped},
          {"data", event.data}},
         out);
}

result<control_request> decode_request(bytes_view bytes, std::uint64_t& id) {
  id = 0;
  auto document = json_from_msgpack(bytes, request_limits);
  if (!document) {
    return error{document.error().code, error_class::user, "control request: " + document.error().message};
  }
  if (!document->is_object()) {
    return bad_request("is no map");
  }
  const json* const known_id = member(*document, "id", &json::is_number_unsigned);
  if (known_id == nullptr) {
    return bad_request("field 'id' is missing or no unsigned integer");
  }
  id = known_id->get<std::uint64_t>();
  if (auto version = check_version(*document); !version) {
    return std::move(version).error();
  }
  if (auto fields = check_fields(*document); !fields) {
    return std::move(fields).error();
  }
  return read_request(*document, id);
}

result<control_message> decode_control_message(bytes_view bytes) {
  auto document = json_from_msgpack(bytes, message_limits);
  if (!document) {
    return std::move(document).error();
  }
  if (!document->is_object()) {
    return fatal_error(errc::parse_error, "control message is no map");
  }
  if (const json* const id = member(*document, "id", &json::is_number_unsigned)) {
    const auto number = id->get<std::uint64_t>();
    // What another version means by its members is not known here: whoever asked is told, instead of half an answer.
    if (auto version = check_version(*document); !version && document->contains("v")) {
      return control_message{control_answer{number, std::move(version).error()}};
    }
    return read_answer(*document, number);
  }
  if (const json* const subscription = member(*document, "subscription", &json::is_number_unsigned)) {
    return read_event(*document, subscription->get<std::uint64_t>());
  }
  return control_message{};
}

}  // namespace millrace::transport
