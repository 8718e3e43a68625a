#include "library/net/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <new>
#include <string_view>

namespace millrace::library {

namespace {

// Headers of an answer that are kept; what comes behind is dropped.
constexpr std::size_t headers_max = 100;
constexpr std::size_t header_bytes_max = 8192;

struct receipt {
  http_answer answer;
  std::size_t bytes_max = 0;
  bool is_too_long = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* to) noexcept {
  auto& r = *static_cast<receipt*>(to);
  if (r.answer.body.size() + size > r.bytes_max) {
    r.is_too_long = true;
    return 0;
  }
  try {
    r.answer.body.append(data, size);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* to) noexcept {
  auto& r = *static_cast<receipt*>(to);
  const std::string_view line{data, size};
  try {
    if (line.rfind("HTTP/", 0) == 0) r.answer.headers.clear();  // of a redirect before
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && size <= header_bytes_max && r.answer.headers.size() < headers_max) {
      r.answer.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size;
}

error failure_of(CURLcode code, const std::string& url, const char* detail) {
  const std::string text =
      "no answer from " + shown_url(url) + ": " + (*detail != 0 ? detail : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return retryable_error(errc::timeout, text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_TOO_MANY_REDIRECTS:
      return user_error(errc::invalid_argument, text + "; correct the address, or the certificate there");
    default:
      return retryable_error(errc::unavailable, text);
  }
}

struct header_list {
  curl_slist* first = nullptr;
  header_list() = default;
  header_list(const header_list&) = delete;
  header_list& operator=(const header_list&) = delete;
  ~header_list() { curl_slist_free_all(first); }
  void add(const std::string& line) {
    auto* const longer = curl_slist_append(first, line.c_str());
    if (longer == nullptr) throw std::bad_alloc{};
    first = longer;
  }
};

}  // namespace

struct http_client::handle {
  handle() {
    static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = ready == CURLE_OK ? curl_easy_init() : nullptr;
    if (curl == nullptr) throw std::bad_alloc{};
  }
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  ~handle() { curl_easy_cleanup(curl); }
  template <class T>
  void set(CURLoption o, T v) const {
    curl_easy_setopt(curl, o, v);
  }
  CURL* curl;
};

result<void> check_url(const std::string& url, const std::string& parameter) {
  const auto refuse = [&](const char* why) {
    return user_error(errc::invalid_argument,
                      "parameter '" + parameter + "': '" + shown_url(url) + "' " + why + "; write https://host/path");
  };
  const bool is_https = url.rfind("https://", 0) == 0;
  if (!is_https && url.rfind("http://", 0) != 0) return refuse("is no http or https address");
  const auto host = std::string_view{url}.substr(is_https ? 8 : 7);
  const auto authority = host.substr(0, host.find_first_of("/?#"));
  if (authority.empty()) return refuse("names no host");
  if (authority.find('@') != std::string_view::npos) {
    return user_error(errc::invalid_argument, "parameter '" + parameter +
                                                  "' has a user name in its address; secrets do not belong in a "
                                                  "topology: use 'token'");
  }
  const bool is_clean = std::ranges::all_of(url, [](char c) { return c > ' ' && c != 127; });
  if (!is_clean) return refuse("has spaces or control characters in it");
  return {};
}

std::string shown_url(const std::string& url) {
  auto out = url.substr(0, url.find_first_of("?#"));
  if (const auto at = out.find('@'); at != std::string::npos)
    out.replace(out.find("//") + 2, at - out.find("//") - 2, "…");
  return out;
}

std::string header_of(const http_answer& a, std::string_view name) {
  for (const auto& [key, text] : a.headers) {
    if (equal_without_case(key, name)) return text;
  }
  return {};
}

http_client::http_client(http_client_limits limits) : handle_{std::make_unique<handle>()}, limits_{std::move(limits)} {}
http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;
http_client::~http_client() = default;

result<http_answer> http_client::call(const http_call& what) {
  const auto& h = *handle_;
  curl_easy_reset(h.curl);  // connections stay
  receipt got;
  got.bytes_max = limits_.answer_bytes;
  char detail[CURL_ERROR_SIZE] = "";
  header_list headers;
  for (const auto& [name, text] : what.headers) headers.add(name + ": " + text);
  headers.add("Expect:");  // a body that has to be repeated costs less than a second of waiting for a 100
  const char* const schemes = what.url.rfind("https:", 0) == 0 ? "https" : "http,https";
  h.set(CURLOPT_URL, what.url.c_str());
  h.set(CURLOPT_PROTOCOLS_STR, schemes);
  h.set(CURLOPT_REDIR_PROTOCOLS_STR, schemes);
  h.set(CURLOPT_FOLLOWLOCATION, limits_.redirects == 0 ? 0L : 1L);
  h.set(CURLOPT_MAXREDIRS, static_cast<long>(limits_.redirects));
  h.set(CURLOPT_NOSIGNAL, 1L);
  h.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect.count()));
  h.set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.whole.count()));
  h.set(CURLOPT_USERAGENT, "millrace");
  h.set(CURLOPT_HTTPHEADER, headers.first);
  h.set(CURLOPT_ERRORBUFFER, detail);
  h.set(CURLOPT_WRITEFUNCTION, &on_body);
  h.set(CURLOPT_WRITEDATA, &got);
  h.set(CURLOPT_HEADERFUNCTION, &on_header);
  h.set(CURLOPT_HEADERDATA, &got);
  if (!limits_.ca_file.empty()) h.set(CURLOPT_CAINFO, limits_.ca_file.c_str());
  if (what.method != "GET") {
    h.set(CURLOPT_POST, 1L);
    h.set(CURLOPT_CUSTOMREQUEST, what.method.c_str());
    h.set(CURLOPT_POSTFIELDS, what.body.c_str());
    h.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
  }
  const auto code = curl_easy_perform(h.curl);
  if (got.is_too_long) {
    return user_error(errc::limit_exceeded, "the answer of " + shown_url(what.url) + " is longer than " +
                                                std::to_string(limits_.answer_bytes) + " bytes");
  }
  if (code != CURLE_OK) return failure_of(code, what.url, detail);
  long status = 0;
  curl_easy_getinfo(h.curl, CURLINFO_RESPONSE_CODE, &status);
  got.answer.status = static_cast<unsigned>(status);
  got.answer.content_type = header_of(got.answer, "Content-Type");
  return std::move(got.answer);
}

}  // namespace millrace::library
