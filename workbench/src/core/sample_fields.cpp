#include "core/sample_fields.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace millrace::workbench {
namespace {

using nlohmann::json;

const char* typeOf(const json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  if (value.is_number_integer()) return "int64";
  return value.is_number() ? "float64" : "";
}

struct Seen {
  std::string type;
  std::size_t times = 0;
};

}  // namespace

std::string fieldsOf(const std::vector<json>& records) {
  std::map<std::string, Seen> fields;
  for (const auto& record : records) {
    for (const auto& [name, value] : record.items()) {
      const std::string type = typeOf(value);
      auto& field = fields[name];
      if (type.empty()) continue;
      ++field.times;
      const bool isNumber =
          (type == "float64" && field.type == "int64") || (type == "int64" && field.type == "float64");
      field.type = isNumber ? "float64" : type;
    }
  }
  std::string text;
  for (const auto& [name, field] : fields) {
    if (field.times == 0) continue;
    text += (text.empty() ? "" : ",") + name + ":" + field.type + (field.times < records.size() ? "?" : "");
  }
  return text;
}

}  // namespace millrace::workbench
