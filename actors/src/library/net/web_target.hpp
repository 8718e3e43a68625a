#pragma once

#include <memory>
#include <string>

#include "library/net/header_list.hpp"
#include "library/net/http_client.hpp"
#include "millrace/param.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What every client of a web address has in common: the parameters that say where it is and how to get in, and the
/// connection. A member of its actor. Thread: owning actor, which waits.
class web_target {
public:
  struct setting {
    std::string url_help;
    bool is_required = true;
    std::int64_t timeout_ms = 10'000;
  };
  web_target(actor* owner, setting s);

  /// Checks the parameters. Errors name them and never show a secret.
  [[nodiscard]] result<void> configure(const wiring& w, bool checks_url = true);
  /// Reads the secret. Throws std::runtime_error: it is not there.
  void open(std::size_t answer_bytes = std::size_t{1} << 20, unsigned redirects = 0);
  /// Calls `url()`, or another address.
  [[nodiscard]] result<http_answer> call(const std::string& method, std::string body, const header_fields& more,
                                         const std::string& url = {});
  /// For actors that also talk to something else than the web. Throws as `open`.
  [[nodiscard]] std::string secret() const;
  [[nodiscard]] std::string ca_path() const;
  [[nodiscard]] const std::string& url() const noexcept { return *url_; }

private:
  param<std::string> url_;
  param<std::string> headers_;
  param<std::string> token_;
  param<std::string> token_header_;
  param<std::string> ca_file_;
  param<std::int64_t> timeout_;

  header_fields fields_;
  std::string base_folder_;
  std::unique_ptr<http_client> client_;
};

}  // namespace millrace::library
