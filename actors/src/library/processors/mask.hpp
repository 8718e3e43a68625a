#pragma once

#include <string>
#include <vector>

#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Makes fields unreadable: those named, or all that are marked as data about a person.
///
/// A token is HMAC-SHA256 (RFC 2104) of the value as text under a secret: equal values have equal tokens wherever the
/// secret is the same, so that they still join and count, and nobody without the secret finds the value by trying. Null
/// stays null. Tokens and what keeps its end are still data about a person, and stay marked.
class mask final : public processor {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;

  static constexpr std::size_t secret_bytes_min = 16;

private:
  enum class method : unsigned char { pass, redact, keep_last, token };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<std::vector<std::uint32_t>> chosen(const schema& arriving) const;
  [[nodiscard]] result<void> check_wants_secret() const;
  void set(dynamic_builder& row, std::uint32_t field, const field_type& type, const value& v);
  [[nodiscard]] std::string masked(const field_type& type, const value& v) const;

  in<record_view> in_{this, "in", &mask::on_record};
  out<record_view> out_{this, "out"};
  param<std::string> fields_{
      this, "fields", "", {.help = "Fields, separated by commas; left out: those marked as !personal."}};
  param<std::string> how_{
      this,
      "how",
      "redact",
      {.choices = {"redact", "keep_last", "token", "drop"},
       .help = "redact: a fixed text; keep_last: the same before the last characters; token: a keyed "
               "hash; drop: the field goes."}};
  param<std::string> text_{
      this,
      "text",
      "***",
      {.shown_when = param_condition{"how", {"redact", "keep_last"}}, .help = "What stands for what is not shown."}};
  param<std::int64_t> last_{this,
                            "last",
                            4,
                            {.unit = "characters",
                             .min = 1,
                             .max = 1000,
                             .shown_when = param_condition{"how", {"keep_last"}},
                             .help = "How many are shown with keep_last."}};
  param<std::int64_t> token_bytes_{this,
                                   "token_bytes",
                                   16,
                                   {.unit = "bytes",
                                    .min = 8,
                                    .max = 32,
                                    .shown_when = param_condition{"how", {"token"}},
                                    .help = "Length of a token; each byte is two hexadecimal digits."}};
  param<std::string> secret_named_{this,
                                   "secret",
                                   "",
                                   {.shown_when = param_condition{"how", {"token"}},
                                    .help = "Where the secret of tokens is: env:NAME or file:PATH; 16 bytes or more."}};

  struct column {
    std::uint32_t from = 0;
    method how = method::pass;
  };
  std::vector<column> columns_;
  std::string base_folder_;
  std::string secret_;
};

}  // namespace millrace::library
