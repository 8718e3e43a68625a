#include "library/net/header_list.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "library/net/http_message.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

constexpr std::array secret_names{"Authorization", "Proxy-Authorization", "Cookie"};
constexpr std::array own_names{"Content-Type", "Content-Length", "Host", "Idempotency-Key", "Transfer-Encoding"};

bool is_token(const std::string& name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

template <class Names>
bool is_one_of(const std::string& name, const Names& names) {
  return std::ranges::any_of(names, [&](const char* n) { return equal_without_case(name, n); });
}

}  // namespace

result<header_fields> parse_headers(const std::string& text, const std::string& parameter) {
  const auto refuse = [&](const std::string& why) {
    return user_error(errc::invalid_argument, "parameter '" + parameter + "': " + why);
  };
  header_fields out;
  std::size_t count = 0;
  for (const auto& part : split_list(text, ';')) {
    // What is no header may be a secret in the wrong place, so it is counted and not repeated.
    const auto place = "header " + std::to_string(++count);
    const auto colon = part.find(':');
    if (colon == std::string::npos) return refuse(place + " has no ':'; write Name: text; Name: text");
    const auto name = part.substr(0, colon);
    if (!is_token(name)) return refuse(place + " has a name with other characters than letters, digits, '-' and '_'");
    if (is_one_of(name, secret_names))
      return refuse("'" + name + "' is a secret, which a topology must not hold; use 'token'");
    if (is_one_of(name, own_names)) return refuse("'" + name + "' is set by the actor; leave it out");
    const auto begin = part.find_first_not_of(' ', colon + 1);
    auto content = begin == std::string::npos ? std::string{} : part.substr(begin);
    const bool is_clean = std::ranges::none_of(content, [](char c) { return static_cast<unsigned char>(c) < ' '; });
    if (!is_clean) return refuse("the text of '" + name + "' has control characters");
    out.emplace_back(name, std::move(content));
  }
  return out;
}

}  // namespace millrace::library
