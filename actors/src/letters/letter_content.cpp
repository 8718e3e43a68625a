#include "letters/letter_content.hpp"

#include "millrace/schema.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/text/record_writer.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::letters {

namespace {

using engine::kept_letter;
using engine::letter_fix;

constexpr std::size_t column_chars_max = 100;

bool is_record(const kept_letter& l) {
  return !l.what.fields.empty();
}

result<record_type_ptr> type_of(const kept_letter& l) {
  auto s = parse_schema("record", l.what.fields);
  if (!s) return std::move(s).error();
  return dynamic_record_type(std::make_shared<const schema>(std::move(s).value()));
}

std::string time_text(event_time t) {
  std::string out;
  append_text(out, field_type{.kind = field_kind::event_time}, value::of(t), time_format::iso);
  return out;
}

/// Fit for one line of a terminal: control characters and what is no UTF-8 become `?`, long texts are cut.
std::string shown(const std::string& text) {
  auto out =
      nlohmann::json(text.substr(0, column_chars_max)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  out = out.substr(1, out.size() - 2);
  return text.size() > column_chars_max ? out + "…" : out;
}

}  // namespace

std::string content_of(const kept_letter& l) {
  if (!is_record(l)) return l.what.content;
  const auto type = type_of(l);
  if (!type) return l.what.content;
  const auto records = (*type)->decode(l.what.encoded, 1);
  if (!records) return l.what.content;
  std::string out;
  record_writer{record_writer::format::jsonl, time_format::iso}.append(out, record_view{**records, 0});
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string newest_content_of(const kept_letter& l) {
  return l.fix ? l.fix->content : content_of(l);
}

result<letter_fix> fix_from(const kept_letter& l, const std::string& content) {
  if (!is_record(l)) return letter_fix{content, {}};
  const auto type = type_of(l);
  if (!type) return type.error();
  const auto parser = make_json_parser((*type)->shared_schema());
  const auto builder = (*type)->make_builder(1);
  auto text = content;
  line_problem problem;
  if (!parser->parse({text.data(), text.size()}, static_cast<dynamic_builder&>(*builder), problem)) {
    return user_error(errc::invalid_argument, to_string(l.id) + ": the new content is no record of the fields " +
                                                  l.what.fields + ": " + problem.what());
  }
  byte_buffer encoded;
  (*type)->encode(*builder->finish(), encoded);
  return letter_fix{content, {encoded.view().begin(), encoded.view().end()}};
}

result<std::string> with_members(const std::string& content,
                                 const std::vector<std::pair<std::string, std::string>>& members) {
  auto object = nlohmann::ordered_json::parse(content, nullptr, false);
  if (!object.is_object()) {
    return user_error(errc::invalid_argument,
                      "the content is no JSON object, so that no member of it can be set: use --match and --with");
  }
  for (const auto& [name, text] : members) {
    auto v = nlohmann::ordered_json::parse(text, nullptr, false);
    object[name] = v.is_discarded() ? nlohmann::ordered_json(text) : std::move(v);
  }
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json to_json(const kept_letter& l) {
  nlohmann::json out{{"id", to_string(l.id)},   {"state", to_string(l.state)},
                     {"actor", l.what.actor},   {"partition", l.what.partition},
                     {"input", l.what.input},   {"origin", l.what.channel + ":" + std::to_string(l.what.sequence)},
                     {"reason", l.what.reason}, {"at", time_text(l.what.at)},
                     {"content", content_of(l)}};
  if (!l.what.fields.empty()) out["fields"] = l.what.fields;
  if (l.fix) out["fix"] = l.fix->content;
  return out;
}

std::string line_of(const kept_letter& l) {
  return to_string(l.id) + "  " + to_string(l.state) + "  " + shown(l.what.reason) + "  " +
         shown(newest_content_of(l)) + "\n";
}

std::string to_text(const kept_letter& l) {
  std::string out = to_string(l.id) + "\n";
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) out += std::string{"  "} + name + std::string(10 - std::string{name}.size(), ' ') + text + "\n";
  };
  add("state", to_string(l.state));
  add("reason", l.what.reason);
  add("origin", l.what.channel + ":" + std::to_string(l.what.sequence));
  add("input", l.what.input);
  add("at", time_text(l.what.at));
  add("fields", l.what.fields);
  add("content", content_of(l));
  if (l.fix) add("fix", l.fix->content);
  return out;
}

}  // namespace millrace::letters
