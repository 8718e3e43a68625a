#include "library/net/mail_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <memory>
#include <new>

#include "millrace/text/utf8.hpp"

namespace millrace::library {

namespace {

constexpr std::size_t subject_bytes_max = 200;

struct curl_end {
  void operator()(CURL* c) const noexcept { curl_easy_cleanup(c); }
};
struct list_end {
  void operator()(curl_slist* l) const noexcept { curl_slist_free_all(l); }
};

struct reading {
  const std::string* text;
  std::size_t at = 0;
};

std::size_t on_read(char* to, std::size_t, std::size_t size, void* from) noexcept {
  auto& r = *static_cast<reading*>(from);
  const auto n = std::min(size, r.text->size() - r.at);
  std::memcpy(to, r.text->data() + r.at, n);
  r.at += n;
  return n;
}

error failure_of(CURLcode code, long status, const mail_account& account, const char* detail) {
  const std::string text = "the mail was not taken by " + account.url + ": " +
                           (*detail != 0 ? detail : curl_easy_strerror(code)) +
                           (status != 0 ? " (answer " + std::to_string(status) + ")" : "");
  const bool is_final = status >= 500 || code == CURLE_LOGIN_DENIED || code == CURLE_PEER_FAILED_VERIFICATION ||
                        code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CACERT_BADFILE;
  if (is_final)
    return user_error(errc::invalid_argument, text + "; correct 'smtp', 'from', 'to', 'tls' or the password");
  return retryable_error(code == CURLE_OPERATION_TIMEDOUT ? errc::timeout : errc::unavailable, text);
}

/// RFC 2047, in words of at most 45 bytes that end where a character does.
std::string encoded_words(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  constexpr std::size_t word_bytes = 20;
  std::string out;
  while (!text.empty()) {
    // What is no UTF-8 is cut anywhere.
    const auto end = std::max<std::size_t>(1, utf8_prefix(text, word_bytes).size());
    out += out.empty() ? "=?utf-8?Q?" : "\r\n =?utf-8?Q?";
    for (const char c : text.substr(0, end)) {
      const auto byte = static_cast<unsigned char>(c);
      out += '=';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
    out += "?=";
    text = text.substr(end);
  }
  return out;
}

std::string subject_of(std::string text) {
  text.resize(std::min(text.size(), subject_bytes_max));
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, ' ');
  const bool is_ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; });
  return is_ascii ? text : encoded_words(text);
}

std::string date_of(processing_time at) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = at.ns / 1'000'000'000;
  std::tm t{};
  gmtime_r(&seconds, &t);
  char text[32];
  std::strftime(text, sizeof text, " %Y %H:%M:%S +0000", &t);
  return std::string{days.at(static_cast<std::size_t>(t.tm_wday))} + ", " + std::to_string(t.tm_mday) + " " +
         months.at(static_cast<std::size_t>(t.tm_mon)) + text;
}

}  // namespace

result<void> check_smtp_url(const std::string& url, const std::string& parameter) {
  const bool is_known = url.rfind("smtp://", 0) == 0 || url.rfind("smtps://", 0) == 0;
  const auto host = is_known ? url.substr(url.find("//") + 2) : std::string{};
  if (!host.empty() && host.find_first_of("@/? \r\n") == std::string::npos) return {};
  return user_error(errc::invalid_argument, "parameter '" + parameter +
                                                "' is no address of a mail server; write smtp://host:587 or "
                                                "smtps://host, without a user name");
}

result<void> check_mail_address(const std::string& address, const std::string& parameter) {
  const auto at = address.find('@');
  const bool is_clean =
      std::ranges::all_of(address, [](char c) { return c > ' ' && c < 127 && c != '<' && c != '>' && c != ','; });
  if (is_clean && at != std::string::npos && at > 0 && at + 1 < address.size()) return {};
  return user_error(errc::invalid_argument,
                    "parameter '" + parameter + "': '" + address + "' is no mail address; write name@host");
}

std::string mail_text(const mail_account& account, const std::string& subject, const std::string& body,
                      processing_time at, std::uint64_t number) {
  std::string out = "From: <" + account.from + ">\r\nTo: ";
  for (std::size_t i = 0; i < account.to.size(); ++i) out += (i == 0 ? "<" : ", <") + account.to[i] + ">";
  out += "\r\nSubject: " + subject_of(subject) + "\r\nDate: " + date_of(at) + "\r\nMessage-ID: <" +
         std::to_string(at.ns) + "." + std::to_string(number) + "@" + account.from.substr(account.from.find('@') + 1) +
         ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
         "Auto-Submitted: auto-generated\r\n\r\n";
  for (const char c : body) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

result<http_answer> send_mail(const mail_account& account, const std::string& text) {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, curl_end> curl{ready == CURLE_OK ? curl_easy_init() : nullptr};
  if (!curl) throw std::bad_alloc{};
  std::unique_ptr<curl_slist, list_end> to;
  for (const auto& address : account.to) {
    auto* const longer = curl_slist_append(to.get(), ("<" + address + ">").c_str());
    if (longer == nullptr) throw std::bad_alloc{};
    (void)to.release();
    to.reset(longer);
  }
  reading from{&text};
  char detail[CURL_ERROR_SIZE] = "";
  const std::string sender = "<" + account.from + ">";
  auto* const c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, account.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(account.timeout.count()));
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(account.timeout.count()));
  curl_easy_setopt(c, CURLOPT_USE_SSL, static_cast<long>(account.wants_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, sender.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, &on_read);
  curl_easy_setopt(c, CURLOPT_READDATA, &from);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
  if (!account.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, account.ca_file.c_str());
  if (!account.user.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, account.user.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, account.password.c_str());
  }
  const auto code = curl_easy_perform(c);
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) return failure_of(code, status, account, detail);
  http_answer done;
  done.status = 250;
  return done;
}

}  // namespace millrace::library
