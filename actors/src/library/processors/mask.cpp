#include "library/processors/mask.hpp"

#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "library/net/secret.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/utf8.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// Where the last `n` characters of a UTF-8 text begin; its end when it has no more than that, so that nothing is
/// shown.
std::size_t start_of_last(std::string_view text, std::int64_t n) noexcept {
  auto at = text.size();
  for (; n > 0; --n) {
    while (at != 0 && continues_character(text[--at])) continue;
    if (at == 0) return text.size();
  }
  return at;
}

std::string token_of(const std::string& secret, const std::string& text, std::size_t bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* const from = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), from, text.size(), digest.data(), &size) ==
      nullptr) {
    throw std::runtime_error{"OpenSSL cannot make an HMAC-SHA256"};
  }
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes, size); ++i) {
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 0xfU];
  }
  return out;
}

}  // namespace

result<void> mask::configure(wiring& w) {
  columns_.clear();
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  const auto named = chosen(arriving);
  if (!named) return named.error();
  if (auto ok = check_wants_secret(); !ok) return ok;
  schema made{.name = arriving.name, .fields = {}};
  for (std::uint32_t i = 0; i < arriving.fields.size(); ++i) {
    field f = arriving.fields[i];
    f.since = 1;
    const bool is_chosen = std::ranges::find(*named, i) != named->end();
    if (is_chosen && *how_ == "drop") continue;
    column c{i, method::pass};
    if (is_chosen) {
      c.how = *how_ == "redact" ? method::redact : *how_ == "token" ? method::token : method::keep_last;
      f.type = {.kind = field_kind::string, .optional = f.type.optional};
      f.personal = f.personal && c.how != method::redact;
    }
    if (arriving.event_time_field == i && !is_chosen) {
      made.event_time_field = static_cast<std::uint32_t>(made.fields.size());
    }
    made.fields.push_back(std::move(f));
    columns_.push_back(c);
  }
  if (made.fields.empty()) return user_error(errc::invalid_argument, "parameter 'how' is drop, and no field is left");
  base_folder_ = w.base_folder();
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

result<std::vector<std::uint32_t>> mask::chosen(const schema& arriving) const {
  std::vector<std::uint32_t> named;
  for (const auto& name : split_list(*fields_, ',')) {
    const auto index = find_field(arriving, name, "fields");
    if (!index) return index.error();
    named.push_back(*index);
  }
  if (!named.empty()) return named;
  for (std::uint32_t i = 0; i < arriving.fields.size(); ++i) {
    if (arriving.fields[i].personal) named.push_back(i);
  }
  if (!named.empty()) return named;
  return user_error(errc::invalid_argument,
                    "no field that arrives is marked as !personal: name in 'fields' what is to be masked (there are " +
                        to_text(arriving) + ")");
}

result<void> mask::check_wants_secret() const {
  if ((*how_ == "token") == secret_named_->empty()) {
    return user_error(errc::invalid_argument,
                      *how_ == "token"
                          ? "parameter 'how' is token: set 'secret' to where its secret is, env:NAME or file:PATH"
                          : "parameter 'secret' is for 'how' = token: leave it out");
  }
  return check_secret(*secret_named_, "secret");
}

void mask::open(context&) {
  if (*how_ != "token") return;
  auto secret = read_secret(*secret_named_, "secret", base_folder_);
  if (!secret) throw std::runtime_error{secret.error().message};
  secret_ = std::move(*secret);
  if (secret_.size() >= secret_bytes_min) return;
  throw std::runtime_error{"parameter 'secret': the secret has " + std::to_string(secret_.size()) +
                           " bytes: give it 16 or more, e.g. of 'openssl rand -hex 32'"};
}

void mask::on_record(context&, const record_view& record) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  row.begin_row();
  for (std::uint32_t i = 0; i < columns_.size(); ++i) {
    const auto from = columns_[i].from;
    set(row, i, record.schema().fields[from].type, record.field(from));
  }
  out_.emit();
}

void mask::set(dynamic_builder& row, std::uint32_t field, const field_type& type, const value& v) {
  if (columns_[field].how == method::pass || v.is_null()) {
    (void)row.set(field, v);
    return;
  }
  if (columns_[field].how == method::redact) {
    (void)row.set(field, value::of(std::string_view{*text_}));
    return;
  }
  (void)row.set(field, value::of(std::string_view{masked(type, v)}));
}

std::string mask::masked(const field_type& type, const value& v) const {
  std::string text;
  append_text(text, type, v, time_format::iso);
  if (*how_ == "token") return token_of(secret_, text, static_cast<std::size_t>(*token_bytes_));
  return *text_ + text.substr(start_of_last(text, *last_));
}

}  // namespace millrace::library
