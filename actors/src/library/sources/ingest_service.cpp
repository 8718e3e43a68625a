#include "library/sources/ingest_service.hpp"

#include <algorithm>
#include <array>

#include "library/net/secret.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

// Problems an answer lists; it counts all.
constexpr std::size_t problems_listed_max = 20;
constexpr std::size_t key_bytes_max = 255;
constexpr std::array line_types{"application/x-ndjson", "application/ndjson", "application/jsonl",
                                "application/x-jsonlines", "application/json-lines"};

/// `application/json; charset=utf-8` without what follows the type.
std::string_view media_type(const http_head& head) noexcept {
  auto type = head.header("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type;
}

bool is_lines(std::string_view type) noexcept {
  return std::ranges::any_of(line_types, [&](const char* t) { return equal_without_case(type, t); });
}

http_answer busy() {
  auto out = http_refusal(429, "too many events wait to be stored; send it again later");
  out.headers.emplace_back("Retry-After", "1");
  return out;
}

http_answer only(const char* methods) {
  auto out = http_refusal(405, std::string{"only "} + methods + " is answered here");
  out.headers.emplace_back("Allow", methods);
  return out;
}

std::string counts(std::uint64_t stored, std::uint64_t rejected) {
  return "\"stored\": " + std::to_string(stored) + ", \"rejected\": " + std::to_string(rejected);
}

void append_problems(std::string& out, const std::vector<malformed_item>& all) {
  out += ", \"problems\": [";
  for (std::size_t i = 0; i < std::min(all.size(), problems_listed_max); ++i) {
    const auto& m = all[i];
    out += (i == 0 ? "{\"item\": " : ", {\"item\": ") + std::to_string(m.item) +
           ", \"line\": " + std::to_string(m.at.line) + ", \"column\": " + std::to_string(m.at.column) +
           ", \"reason\": ";
    append_json_string(out, m.reason);
    out += '}';
  }
  out += ']';
}

http_answer malformed_answer(const parsed_body& body) {
  http_answer out;
  out.status = 400;
  const auto& first = body.malformed.front();
  out.body = "{\"error\": ";
  append_json_string(out.body, "line " + std::to_string(first.at.line) + ", column " + std::to_string(first.at.column) +
                                   ": " + first.reason + "; nothing was stored");
  out.body += ", " + counts(0, body.malformed.size());
  append_problems(out.body, body.malformed);
  out.body += "}\n";
  return out;
}

bool is_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= key_bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

http_answer stored_answer(const ingest_request& r) {
  http_answer out;
  out.body = "{" + counts(r.stored(), r.rejected());
  if (!r.body.malformed.empty()) append_problems(out.body, r.body.malformed);
  out.body += "}\n";
  return out;
}

ingest_service::ingest_service(setting s, ingest_room& room)
    : setting_{std::move(s)}, room_{&room}, parser_{setting_.type, setting_.items_max} {}

std::optional<http_answer> ingest_service::on_head(const http_head& head) {
  if (is_stopping_) return http_refusal(503, "stopping; nothing was stored, send it again later");
  if (head.path == "/health") {
    return head.method == "GET" || head.method == "HEAD" ? std::nullopt : std::optional{only("GET")};
  }
  if (head.path != setting_.path) {
    return http_refusal(404, "there is nothing at '" + head.path.substr(0, 100) + "'; events go to " + setting_.path);
  }
  if (head.method != "POST") return only("POST");
  return check_events_head(head);
}

std::optional<http_answer> ingest_service::check_events_head(const http_head& head) const {
  if (!setting_.token.empty() &&
      !equal_secrets(std::string{head.header("Authorization").value_or("")}, "Bearer " + setting_.token)) {
    auto out = http_refusal(401, "the header 'Authorization: Bearer …' with the token of this server is missing");
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
  }
  const auto type = media_type(head);
  if (!equal_without_case(type, "application/json") && !is_lines(type)) {
    return http_refusal(415, "Content-Type is '" + std::string{type.substr(0, 100)} +
                                 "'; send application/json (an object or an array of them) or application/x-ndjson");
  }
  const auto encoding = head.header("Content-Encoding").value_or("identity");
  if (!equal_without_case(encoding, "identity")) return http_refusal(415, "send the body without Content-Encoding");
  const auto key = head.header("Idempotency-Key");
  if (key && !is_key(*key)) {
    return http_refusal(400, "Idempotency-Key takes 1 to 255 visible ASCII characters without spaces");
  }
  // What was sent before is answered even when there is no room.
  if (!key && room_->is_full()) return busy();
  return std::nullopt;
}

std::optional<http_answer> ingest_service::on_request(const http_head& head, std::string body,
                                                      const http_reply& later) {
  if (head.path == "/health") return health();
  auto r = std::make_unique<ingest_request>();
  if (const auto key = head.header("Idempotency-Key")) {
    r->key = digest_of(*key);
    r->body_digest = digest_of(body).low;
    bool is_fresh = false;
    auto said = repeated(*r->key, r->body_digest, later, is_fresh);
    if (!is_fresh) return said;
  }
  if (room_->is_full()) return busy();
  r->body =
      parser_.parse(std::move(body), is_lines(media_type(head)) ? json_items::cut::lines : json_items::cut::values);
  return store(std::move(r), later);
}

std::optional<http_answer> ingest_service::repeated(const text_digest& key, std::uint64_t body_digest,
                                                    const http_reply& later, bool& is_fresh) {
  const auto found = room_->look_up(key, body_digest, later);
  switch (found.what) {
    case ingest_room::repeat::fresh:
      is_fresh = true;
      return std::nullopt;
    case ingest_room::repeat::joined:
      return std::nullopt;
    case ingest_room::repeat::too_many:
      return busy();
    case ingest_room::repeat::other_body:
      return http_refusal(422, "this Idempotency-Key came with another body before; a new request needs a new key");
    case ingest_room::repeat::answered:
      break;
  }
  http_answer out;
  out.body = "{" + counts(found.answer.stored, found.answer.rejected) + "}\n";
  out.headers.emplace_back("Idempotent-Replayed", "true");
  return out;
}

std::optional<http_answer> ingest_service::store(std::unique_ptr<ingest_request> r, const http_reply& later) {
  if (r->body.has_too_many) {
    return http_refusal(413, "the body has more than " + std::to_string(setting_.items_max) +
                                 " events; send them in parts. Nothing was stored");
  }
  if (r->body.malformed.empty() && r->body.events->size() == 0) return http_refusal(400, "the body holds no events");
  if (!r->body.malformed.empty() && !setting_.keeps_good) return malformed_answer(r->body);
  r->bytes = r->body.bytes();
  if (!room_->offer(std::move(r), later)) return busy();
  return std::nullopt;
}

http_answer ingest_service::health() const {
  const auto l = room_->now();
  http_answer out;
  out.body = "{\"status\": \"ok\", \"waiting_requests\": " + std::to_string(l.requests) +
             ", \"waiting_events\": " + std::to_string(l.events) + ", \"waiting_bytes\": " + std::to_string(l.bytes) +
             "}\n";
  return out;
}

}  // namespace millrace::library
