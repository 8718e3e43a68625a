#pragma once

#include <QString>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace::workbench {

// What the workbench knows of the Lua that actors take as parameters: where there is any, and where a message points.

/// How long a text it is, as a rule.
enum class LuaLength : std::uint8_t { Line, Lines };
/// Whether a parameter of this type of actor holds Lua; nothing: it does not.
[[nodiscard]] std::optional<LuaLength> luaLengthOf(const std::string& type, const std::string& param);

/// Where in a text a message points: `parameter 'set', line 2, column 15: …`. From 1; a message without a line means
/// the first one. Nothing: it names no place.
struct TextPlace {
  int line = 1, column = 1;
  bool operator==(const TextPlace&) const = default;
};
[[nodiscard]] std::optional<TextPlace> placeIn(const QString& message);

/// What a piece of Lua is, for its colour.
enum class LuaToken : std::uint8_t { Keyword, Known, Number, Text, Comment };
/// Calls `found(token, start, length)` for each piece of one line. `state`: 0 at the beginning of a text, and what the
/// line before returned after that (inside of a long text or comment).
template <class Found>
int scanLua(const QString& line, int state, Found found);

namespace detail {
[[nodiscard]] bool isLuaKeyword(const QString& word);
[[nodiscard]] bool isLuaName(const QString& word);
}  // namespace detail

template <class Found>
int scanLua(const QString& line, int state, Found found) {
  constexpr int inText = 1, inComment = 2;
  const auto size = static_cast<int>(line.size());
  int i = 0;
  const auto closeLong = [&](int from, int kind) {
    const auto end = static_cast<int>(line.indexOf(QStringLiteral("]]"), i));
    i = end < 0 ? size : end + 2;
    found(kind == inText ? LuaToken::Text : LuaToken::Comment, from, i - from);
    return end < 0 ? kind : 0;
  };
  if (state != 0 && closeLong(0, state) != 0) return state;
  while (i < size) {
    const int start = i;
    const auto c = line[i];
    if (line.mid(i, 2) == QLatin1String("--")) {
      if (line.mid(i + 2, 2) != QLatin1String("[[")) {
        found(LuaToken::Comment, start, size - start);
        return 0;
      }
      i += 4;
      if (closeLong(start, inComment) != 0) return inComment;
    } else if (line.mid(i, 2) == QLatin1String("[[")) {
      i += 2;
      if (closeLong(start, inText) != 0) return inText;
    } else if (c == QLatin1Char('"') || c == QLatin1Char('\'')) {
      for (++i; i < size && line[i] != c; ++i) {
        if (line[i] == QLatin1Char('\\')) ++i;
      }
      i = std::min(i + 1, size);
      found(LuaToken::Text, start, i - start);
    } else if (c.isDigit()) {
      while (i < size && (line[i].isLetterOrNumber() || line[i] == QLatin1Char('.'))) ++i;
      found(LuaToken::Number, start, i - start);
    } else if (c.isLetter() || c == QLatin1Char('_')) {
      while (i < size && (line[i].isLetterOrNumber() || line[i] == QLatin1Char('_'))) ++i;
      const auto word = line.mid(start, i - start);
      if (detail::isLuaKeyword(word)) {
        found(LuaToken::Keyword, start, i - start);
      } else if (detail::isLuaName(word)) {
        found(LuaToken::Known, start, i - start);
      }
    } else {
      ++i;
    }
  }
  return 0;
}

}  // namespace millrace::workbench
