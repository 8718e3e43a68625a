#include "core/call_arguments.hpp"

#include <string_view>
#include <vector>

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;

/// Where an option stands.
struct Found {
  std::size_t at = 0;
  bool isJoined = false;  // with its value, by '='
  std::string value;
};

/// `with`: only one whose value begins so.
std::optional<Found> findOption(const json& arguments, const std::string& flag, std::string_view with = {}) {
  if (!arguments.is_array()) return std::nullopt;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto text = argumentText(arguments[i]);
    Found found{i, text.starts_with(flag + "="), {}};
    if (found.isJoined) {
      found.value = text.substr(flag.size() + 1);
    } else if (text == flag && i + 1 < arguments.size()) {
      found.value = argumentText(arguments[i + 1]);
    } else {
      continue;
    }
    if (found.value.starts_with(with)) return found;
    if (!found.isJoined) ++i;
  }
  return std::nullopt;
}

void change(json& arguments, const std::string& flag, const std::optional<Found>& found,
            const std::optional<std::string>& value) {
  if (!arguments.is_array()) return;
  if (!found) {
    if (value) arguments.insert(arguments.end(), {json(flag), json(*value)});
  } else if (!value) {
    const auto from = arguments.begin() + static_cast<std::ptrdiff_t>(found->at);
    arguments.erase(from, from + (found->isJoined ? 1 : 2));
  } else if (found->isJoined) {
    arguments[found->at] = flag + "=" + *value;
  } else if (argumentText(arguments[found->at + 1]) != *value) {
    arguments[found->at + 1] = *value;
  }
}

std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\"\\") == std::string::npos) return word;
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string argumentText(const json& argument) {
  return argument.is_string() ? argument.get<std::string>() : argument.dump();
}

std::optional<std::string> optionOf(const json& arguments, const std::string& flag) {
  const auto found = findOption(arguments, flag);
  return found ? std::optional{found->value} : std::nullopt;
}

void setOption(json& arguments, const std::string& flag, const std::optional<std::string>& value) {
  change(arguments, flag, findOption(arguments, flag), value);
}

std::optional<std::string> parameterOf(const json& arguments, const std::string& name) {
  const auto found = findOption(arguments, "--with", name + "=");
  return found ? std::optional{found->value.substr(name.size() + 1)} : std::nullopt;
}

void setParameter(json& arguments, const std::string& name, const std::optional<std::string>& value) {
  change(arguments, "--with", findOption(arguments, "--with", name + "="),
         value ? std::optional{name + "=" + *value} : std::nullopt);
}

void clearParameters(json& arguments) {
  while (const auto found = findOption(arguments, "--with")) change(arguments, "--with", found, std::nullopt);
}

std::string lineOf(const json& arguments) {
  std::string out;
  if (arguments.is_string()) return arguments.get<std::string>();
  if (arguments.is_object()) {
    for (const auto& [name, value] : arguments.items()) {
      out += (out.empty() ? "" : " ") + quoted(name);
      if (value != "") out += " " + quoted(argumentText(value));
    }
    return out;
  }
  for (const auto& word : arguments) out += (out.empty() ? "" : " ") + quoted(argumentText(word));
  return out;
}

std::optional<json> argumentsOf(const std::string& line, const json& before) {
  std::vector<std::string> words;
  bool isQuoted = false, isInWord = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (!isQuoted && (c == ' ' || c == '\t')) {
      isInWord = false;
      continue;
    }
    if (!isInWord) words.emplace_back();
    isInWord = true;
    if (c == '"') {
      isQuoted = !isQuoted;
      continue;
    }
    if (c == '\\' && i + 1 < line.size()) c = line[++i];
    words.back() += c;
  }
  if (isQuoted) return std::nullopt;
  auto out = json::array();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool isSame = before.is_array() && i < before.size() && argumentText(before[i]) == words[i];
    out.push_back(isSame ? before[i] : json(words[i]));
  }
  return out;
}

}  // namespace millrace::workbench
