#include "entry_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include "millrace/text/value_text.hpp"

namespace millrace::redis {

namespace {

std::string_view text_at(const redisReply& pairs, std::size_t i) {
  return {pairs.element[i]->str, pairs.element[i]->len};
}

std::optional<std::string_view> find(const redisReply& pairs, std::string_view name) {
  for (std::size_t i = 0; i + 1 < pairs.elements; i += 2) {
    if (text_at(pairs, i) == name) return text_at(pairs, i + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<entry_id> parse_entry_id(std::string_view text) noexcept {
  entry_id id;
  const auto* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, id.ms);
  if (read.ec != std::errc{} || read.ptr == end || *read.ptr != '-') return std::nullopt;
  read = std::from_chars(read.ptr + 1, end, id.sequence);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return id;
}

std::string to_text(const entry_id& id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.sequence);
}

std::string entry_reader::read(const entry_id& id, const redisReply& pairs, dynamic_builder& row) {
  row.begin_row();
  auto problem = fill(id, pairs, row);
  if (!problem.empty()) row.drop_row();
  return problem;
}

std::string entry_reader::fill(const entry_id& id, const redisReply& pairs, dynamic_builder& row) {
  constexpr std::int64_t ns_per_ms = 1'000'000;
  constexpr auto ms_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / ns_per_ms);
  for (std::uint32_t i = 0; i < schema_->fields.size(); ++i) {
    const auto& f = schema_->fields[i];
    const auto text = find(pairs, f.name);
    value v;
    if (!text && f.name == "at" && f.type.kind == field_kind::event_time) {
      // Whoever adds an entry may choose its id.
      if (id.ms > ms_max) return "field 'at' is missing, and the id is no time before the year 2262";
      v = value::of(event_time{static_cast<std::int64_t>(id.ms) * ns_per_ms});
    } else if (!text && !f.type.optional) {
      return "field '" + f.name + "' is missing";
    } else if (text && !(text->empty() && f.type.optional)) {
      const char* const expected = parse_value(f.type, *text, v, scratch_);
      if (expected != nullptr)
        return "field '" + f.name + "': '" + std::string{text->substr(0, 40)} + "' is no " + to_text(f.type) +
               ", expected " + expected;
    }
    if (!row.set(i, v)) return "field '" + f.name + "': the value is out of its range";
  }
  return {};
}

bool entry_reader::is_pairs(const redisReply& r) noexcept {
  return r.type == REDIS_REPLY_ARRAY && r.elements % 2 == 0 &&
         std::ranges::all_of(std::span{r.element, r.elements},
                             [](const redisReply* e) { return e->type == REDIS_REPLY_STRING; });
}

std::size_t entry_reader::bytes_of(const redisReply& pairs) noexcept {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < pairs.elements; ++i) bytes += pairs.element[i]->len;
  return bytes;
}

std::string entry_reader::text_of(const redisReply& pairs) {
  std::string out;
  for (std::size_t i = 0; i + 1 < pairs.elements; i += 2) {
    if (i != 0) out += ' ';
    out.append(text_at(pairs, i)).append("=").append(text_at(pairs, i + 1));
  }
  return out;
}

}  // namespace millrace::redis
