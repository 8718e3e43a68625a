#include "topic_template.hpp"

#include <mosquitto.h>

#include <stdexcept>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::mqtt {

namespace {

constexpr std::size_t topic_bytes_max = 65'535;

bool is_topic(const std::string& text) {
  return text.size() <= topic_bytes_max && text.find('\0') == std::string::npos &&
         mosquitto_pub_topic_check2(text.data(), text.size()) == MOSQ_ERR_SUCCESS &&
         mosquitto_validate_utf8(text.data(), static_cast<int>(text.size())) == MOSQ_ERR_SUCCESS;
}

error refuse(const std::string& text) {
  return user_error(errc::invalid_argument, "parameter 'topic': '" + text +
                                                "' is no topic: levels with / between, {field} for what a field holds, "
                                                "and neither + nor #");
}

}  // namespace

result<topic_template> topic_template::parse(const std::string& text, const schema& fields) {
  topic_template t;
  std::string shape;
  std::size_t from = 0;
  while (from < text.size()) {
    const auto open = text.find('{', from);
    piece p{text.substr(from, open == std::string::npos ? open : open - from)};
    shape += p.text;
    from = text.size();
    if (open != std::string::npos) {
      const auto close = text.find('}', open);
      if (close == std::string::npos) return refuse(text);
      const auto field = find_field(fields, text.substr(open + 1, close - open - 1), "topic");
      if (!field) return field.error();
      p.field = *field;
      shape += 'x';
      from = close + 1;
    }
    t.pieces_.push_back(std::move(p));
  }
  if (shape.empty() || !is_topic(shape)) return refuse(text);
  return t;
}

std::string topic_template::of(const record_view& record) const {
  std::string out;
  for (const auto& p : pieces_) {
    out += p.text;
    if (!p.field) continue;
    const auto& f = record.schema().fields[*p.field];
    const auto& v = record.field(*p.field);
    if (v.is_null()) throw std::runtime_error("field '" + f.name + "' is null, and the topic needs it");
    append_text(out, f.type, v, time_format::iso);
  }
  if (!out.empty() && is_topic(out)) return out;
  throw std::runtime_error("'" + out.substr(0, 100) + "' is no topic to publish to");
}

}  // namespace millrace::mqtt
