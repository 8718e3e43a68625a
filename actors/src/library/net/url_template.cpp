#include "library/net/url_template.hpp"

#include <algorithm>
#include <cctype>

#include "library/net/http_client.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// RFC 3986: all but unreserved characters.
void append_escaped(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 128 && std::isalnum(byte) != 0) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

error wrong(const std::string& why) {
  return user_error(errc::invalid_argument, "parameter 'url': " + why);
}

}  // namespace

result<url_template> url_template::parse(const std::string& text, const schema& fields) {
  if (auto ok = check_url(text, "url"); !ok) return ok.error();
  const auto path = text.find_first_of("/?#", text.find("//") + 2);
  url_template out;
  for (std::size_t at = 0; at < text.size();) {
    const auto open = text.find('{', at);
    piece p{text.substr(at, open == std::string::npos ? open : open - at), -1};
    if (p.text.find('}') != std::string::npos) return wrong("a '}' has no '{' before it");
    if (open != std::string::npos) {
      const auto close = text.find('}', open);
      if (close == std::string::npos) return wrong("a '{' has no '}' behind it");
      if (open < path) return wrong("a field may not say which host is asked; put it behind the host's '/'");
      const auto index = find_field(fields, text.substr(open + 1, close - open - 1), "url");
      if (!index) return index.error();
      p.field = *index;
      at = close + 1;
    } else {
      at = text.size();
    }
    out.pieces_.push_back(std::move(p));
  }
  return out;
}

std::string url_template::of(const record_view& record) const {
  std::string out;
  std::string text;
  for (const auto& p : pieces_) {
    out += p.text;
    if (p.field < 0) continue;
    const auto field = static_cast<std::uint32_t>(p.field);
    text.clear();
    append_text(text, record.schema().fields[field].type, record.field(field), time_format::iso);
    // "." and ".." would be taken for steps in the path.
    if (text == "." || text == "..") {
      for (const char c : text) out += c == '.' ? "%2E" : "";
    } else {
      append_escaped(out, text);
    }
  }
  return out;
}

}  // namespace millrace::library
