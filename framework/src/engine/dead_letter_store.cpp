#include "millrace/engine/dead_letter_store.hpp"

#include <charconv>

namespace millrace::engine {

std::string to_string(const letter_id& id) {
  return id.task + ":" + std::to_string(id.number);
}

result<letter_id> parse_letter_id(std::string_view text) {
  letter_id out;
  const auto colon = text.rfind(':');
  const auto number = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  const auto read = std::from_chars(number.data(), number.data() + number.size(), out.number);
  const bool is_number = !number.empty() && read.ec == std::errc{} && read.ptr == number.data() + number.size();
  if (!is_number || text.substr(0, colon).find('/') == text.npos) {
    return user_error(errc::invalid_argument, "'" + std::string{text} +
                                                  "' is no dead letter's name; they look like trades/0:17, see "
                                                  "'millrace deadletter list'");
  }
  out.task = text.substr(0, colon);
  return out;
}

result<batch_ptr> record_of(const dead_letter& letter, const record_type& type) {
  auto written = parse_schema(type.schema().name, letter.fields);
  if (!written) return std::move(written).error();
  const auto problems = compatible(*written, type.schema());
  if (!problems.empty()) return user_error(errc::schema_mismatch, problems.front());
  return type.decode(letter.encoded, 1, &*written);
}

const char* to_string(letter_state s) noexcept {
  switch (s) {
    case letter_state::pending:
      return "pending";
    case letter_state::open:
      return "open";
    case letter_state::fixed:
      return "fixed";
    case letter_state::requested:
      return "requested";
    case letter_state::queued:
      return "queued";
    case letter_state::replayed:
      return "replayed";
  }
  return "unknown";
}

}  // namespace millrace::engine
