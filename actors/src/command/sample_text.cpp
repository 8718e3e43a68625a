#include "command/sample_text.hpp"

#include <algorithm>

namespace millrace::command {

namespace {

using nlohmann::json;

std::string dumped(const json& v) {
  return v.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string sample_text(const json& sample, const std::vector<std::string>& fields) {
  const auto number = sample.value("sequence", std::uint64_t{0});
  auto text = sample.value("channel", "") + " #" + std::to_string(number);
  if (const auto at = sample.find("event_time"); at != sample.end() && at->is_string()) {
    text = at->get<std::string>() + "  " + text;
  }
  if (const auto key = sample.find("key"); key != sample.end() && !key->is_null()) text += "  key " + dumped(*key);
  if (sample.value("late", false)) text += "  late";
  const auto record = sample.value("record", json::object());
  for (const auto& name : fields) {
    if (record.contains(name)) text += "  " + name + "=" + dumped(record[name]);
  }
  for (const auto& [name, content] : record.items()) {
    if (std::ranges::find(fields, name) == fields.end()) text += "  " + name + "=" + dumped(content);
  }
  return text;
}

}  // namespace millrace::command
