#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::library {

/// What a request says before its body.
struct http_head {
  std::string method;
  std::string path;  ///< without the query
  std::vector<std::pair<std::string, std::string>> headers;

  /// The value of the first header of that name, in whatever case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
};

/// What a server says to a request.
struct http_answer {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// `{"error": …}` with that status.
[[nodiscard]] http_answer http_refusal(unsigned status, std::string_view why);

/// True when both are the same but for the case of ASCII letters.
[[nodiscard]] bool equal_without_case(std::string_view a, std::string_view b) noexcept;

}  // namespace millrace::library
