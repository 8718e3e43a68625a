#include "library/processors/mask.hpp"

#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

constexpr std::size_t secret_bytes_max = 4096;

/// Where the last `n` characters of a UTF-8 text begin; its end when it has no more than that, so that nothing is
/// shown.
std::size_t start_of_last(std::string_view text, std::int64_t n) noexcept {
  auto at = text.size();
  for (; n > 0; --n) {
    while (at != 0 && (static_cast<unsigned char>(text[--at]) & 0xc0U) == 0x80U) continue;
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

std::string read_secret(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text(secret_bytes_max + 2, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || file.gcount() == 0) {
    throw std::runtime_error{"parameter 'secret_file': '" + path + "' cannot be read or is empty"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

result<void> mask::configure(wiring& w) {
  columns_.clear();
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  const auto named = chosen(arriving);
  if (!named) return named.error();
  if (auto ok = check_secret(); !ok) return ok;
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
  secret_path_ = secret_file_->empty() || secret_file_->front() == '/' || w.base_folder().empty()
                     ? *secret_file_
                     : w.base_folder() + "/" + *secret_file_;
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

result<void> mask::check_secret() const {
  const bool has_file = !secret_file_->empty();
  const bool has_variable = !secret_env_->empty();
  if (*how_ != "token") {
    if (!has_file && !has_variable) return {};
    return user_error(errc::invalid_argument,
                      "a secret is for 'how' = token: leave 'secret_file' and 'secret_env' out");
  }
  if (has_file != has_variable) return {};
  return user_error(errc::invalid_argument,
                    "parameter 'how' is token: set either 'secret_file' or 'secret_env' to where the secret is");
}

void mask::open(context&) {
  if (*how_ != "token") return;
  if (!secret_path_.empty()) {
    secret_ = read_secret(secret_path_);
  } else {
    const char* const held = std::getenv(secret_env_->c_str());
    if (held == nullptr) {
      throw std::runtime_error{"parameter 'secret_env': there is no environment variable '" + *secret_env_ + "'"};
    }
    secret_ = held;
  }
  if (secret_.size() >= secret_bytes_min && secret_.size() <= secret_bytes_max) return;
  throw std::runtime_error{"the secret of tokens has " + std::to_string(secret_.size()) + " bytes: give it " +
                           std::to_string(secret_bytes_min) + " to " + std::to_string(secret_bytes_max) +
                           ", e.g. of 'openssl rand -hex 32'"};
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
