#include "library/net/web_target.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "library/net/secret.hpp"

namespace millrace::library {

web_target::web_target(actor* owner, setting s)
    : url_{owner, "url", "", {.required = s.is_required, .help = std::move(s.url_help)}},
      headers_{
          owner,
          "headers",
          "",
          {.is_secret = true, .help = "More headers: Name: text; Name: text. Keys of services are often among them."}},
      token_{owner, "token", "", {.help = "Where the secret for 'Authorization: Bearer …' is: env:NAME or file:PATH."}},
      token_header_{
          owner,
          "token_header",
          "Authorization",
          {.help = "The header the secret goes to; another one than Authorization gets it without 'Bearer'."}},
      ca_file_{owner, "ca_file", "", {.is_path = true, .help = "Certificates to trust, as PEM; empty: the system's."}},
      timeout_{owner,
               "timeout",
               s.timeout_ms,
               {.unit = "ms", .min = 10, .max = 600'000, .help = "For one request and its answer."}} {}

result<void> web_target::configure(const wiring& w, bool checks_url) {
  if (checks_url) {
    if (auto ok = check_url(*url_, "url"); !ok) return ok;
  }
  auto parsed = parse_headers(*headers_, "headers");
  if (!parsed) return parsed.error();
  fields_ = std::move(parsed).value();
  if (*token_header_ != "Authorization") {
    if (auto name = parse_headers(*token_header_ + ": x", "token_header"); !name) return name.error();
  }
  base_folder_ = w.base_folder();
  return check_secret(*token_, "token");
}

void web_target::open(std::size_t answer_bytes, unsigned redirects) {
  if (const auto token = secret(); !token.empty()) {
    fields_.emplace_back(*token_header_, (*token_header_ == "Authorization" ? "Bearer " : "") + token);
  }
  http_client_limits limits;
  limits.whole = std::chrono::milliseconds{*timeout_};
  limits.connect = std::min(limits.connect, limits.whole);
  limits.answer_bytes = answer_bytes;
  limits.redirects = redirects;
  limits.ca_file = ca_path();
  client_ = std::make_unique<http_client>(limits);
}

std::string web_target::secret() const {
  auto token = read_secret(*token_, "token", base_folder_);
  if (!token) throw std::runtime_error(token.error().message);
  return std::move(token).value();
}

std::string web_target::ca_path() const {
  if (ca_file_->empty()) return {};
  return (std::filesystem::path{base_folder_} / *ca_file_).lexically_normal().string();
}

result<http_answer> web_target::call(const std::string& method, std::string body, const header_fields& more,
                                     const std::string& url) {
  http_call call{method, url.empty() ? *url_ : url, fields_, std::move(body)};
  call.headers.insert(call.headers.end(), more.begin(), more.end());
  return client_->call(call);
}

}  // namespace millrace::library
