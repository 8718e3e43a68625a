#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "library/net/http_message.hpp"
#include "millrace/error.hpp"
#include "millrace/time.hpp"

namespace millrace::library {

/// Where mail is handed in.
struct mail_account {
  std::string url;  ///< `smtp://host:587`, `smtps://host`
  std::string user{};
  std::string password{};
  std::string from;
  std::vector<std::string> to;
  bool wants_tls = true;  ///< with smtp://: no word before STARTTLS worked
  std::string ca_file{};
  std::chrono::milliseconds timeout{30'000};
};

/// Checks that a parameter is an smtp or smtps address, or one of a person (`name@host`). Errors name the parameter.
[[nodiscard]] result<void> check_smtp_url(const std::string& url, const std::string& parameter);
[[nodiscard]] result<void> check_mail_address(const std::string& address, const std::string& parameter);

/// A plain text mail as it goes over the wire (RFC 5322): subjects beyond ASCII are encoded, line ends are CRLF, and no
/// text gets a header of its own in.
[[nodiscard]] std::string mail_text(const mail_account& account, const std::string& subject, const std::string& body,
                                    processing_time at, std::uint64_t number);

/// Hands a mail in, through libcurl; waits for it. Status 250, or an error: retryable while the server may want it
/// later (4xx, no answer), the user's when it never will (5xx, a wrong password or certificate).
[[nodiscard]] result<http_answer> send_mail(const mail_account& account, const std::string& text);

}  // namespace millrace::library
