#include "library/lua/lua_source.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::library {

namespace {

/// Lines that a token which spans several adds, counted as LuaJIT does: `\r\n` and `\n\r` are one.
std::size_t line_ends(std::string_view token) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '\n' && token[i] != '\r') continue;
    ++n;
    if (i + 1 < token.size() && token[i] != token[i + 1] && (token[i + 1] == '\n' || token[i + 1] == '\r')) ++i;
  }
  return n;
}

/// Lua takes a call for ambiguous when its parenthesis begins a line.
bool may_begin_line(const lua_token& t) noexcept {
  return !t.is("(");
}

/// Not about a call or an index that ends with the same token.
bool is_about_operator(std::string_view message) noexcept {
  return message.starts_with("attempt to ") && !message.starts_with("attempt to index") &&
         !message.starts_with("attempt to call") && !message.starts_with("attempt to get");
}

}  // namespace

lua_source::lua_source(std::string title, std::string text)
    : title_{std::move(title)}, text_{std::move(text)}, tokens_{lua_tokens(text_)} {}

std::string lua_source::generate(std::string_view head, std::string_view tail) {
  std::string code{head};
  lines_.clear();
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (may_begin_line(tokens_[i]) || i == 0) {
      code += '\n';
      lines_.push_back(i);
    }
    if (const auto at = before_.find(i); at != before_.end()) code += " " + at->second;
    const auto at = instead_.find(i);
    code += ' ';
    code += at != instead_.end() ? std::string_view{at->second} : tokens_[i].text;
    if (at == instead_.end()) lines_.insert(lines_.end(), line_ends(tokens_[i].text), i);
    put_additions(i, code);
  }
  code += ' ';
  code += tail;
  return code;
}

void lua_source::put_additions(std::size_t token, std::string& code) {
  const auto at = after_.find(token);
  if (at == after_.end()) return;
  for (const auto& a : at->second) {
    if (a.line_of) lines_.push_back(*a.line_of);
    code += (a.line_of ? '\n' : ' ') + a.code;
  }
}

std::size_t lua_source::token_in_line(std::size_t line) const noexcept {
  return line < 2 || line - 2 >= lines_.size() ? tokens_.size() : lines_[line - 2];
}

std::size_t lua_source::line_of(std::size_t token) const noexcept {
  const auto at = std::ranges::find(lines_, token);
  return static_cast<std::size_t>(at - lines_.begin()) + 2;
}

std::string lua_source::describe(const lua_problem& p) const {
  return title_ + ", " + place_in(text_, p.offset) + ": " + p.text;
}

std::string lua_source::explain(std::string_view message) const {
  constexpr std::string_view chunk = "lua:";
  std::size_t line = 0;
  if (message.starts_with(chunk)) {
    const auto* const end = message.data() + message.size();
    const auto read = std::from_chars(message.data() + chunk.size(), end, line);
    if (read.ec == std::errc{} && read.ptr != end && *read.ptr == ':') {
      message.remove_prefix(std::min(static_cast<std::size_t>(read.ptr - message.data()) + 2, message.size()));
      auto token = token_in_line(line);
      const auto sign = operators_.find(token);
      if (sign != operators_.end() && is_about_operator(message)) token = sign->second;
      if (token < tokens_.size()) return describe({tokens_[token].offset, std::string{message}});
    }
  }
  return title_ + ": " + std::string{message};
}

}  // namespace millrace::library
