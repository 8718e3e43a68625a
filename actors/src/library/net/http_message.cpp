#include "library/net/http_message.hpp"

#include <algorithm>

#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> http_head::header(std::string_view name) const noexcept {
  for (const auto& [key, text] : headers) {
    if (equal_without_case(key, name)) return std::string_view{text};
  }
  return std::nullopt;
}

http_answer http_refusal(unsigned status, std::string_view why) {
  http_answer out;
  out.status = status;
  out.body = "{\"error\": ";
  append_json_string(out.body, why);
  out.body += "}\n";
  return out;
}

}  // namespace millrace::library
