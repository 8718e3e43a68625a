#include "core/lua_text.hpp"

#include <QRegularExpression>
#include <QSet>
#include <array>

namespace millrace::workbench {
namespace {

struct Holder {
  const char* type;
  const char* param;
  LuaLength length;
};
constexpr std::array holders{
    Holder{"millrace.script", "script", LuaLength::Lines}, Holder{"millrace.flat_map", "body", LuaLength::Lines},
    Holder{"millrace.map", "set", LuaLength::Lines}, Holder{"millrace.filter_by", "where", LuaLength::Line}};

}  // namespace

std::optional<LuaLength> luaLengthOf(const std::string& type, const std::string& param) {
  for (const auto& h : holders) {
    if (type == h.type && param == h.param) return h.length;
  }
  return std::nullopt;
}

std::optional<TextPlace> placeIn(const QString& message) {
  static const QRegularExpression pattern{QStringLiteral("(?:line (\\d{1,6}), )?column (\\d{1,6})")};
  const auto match = pattern.match(message);
  if (!match.hasMatch()) return std::nullopt;
  const auto line = match.captured(1);
  return TextPlace{line.isEmpty() ? 1 : line.toInt(), match.captured(2).toInt()};
}

bool detail::isLuaKeyword(const QString& word) {
  static const QSet<QString> words{QStringLiteral("and"),    QStringLiteral("break"),  QStringLiteral("do"),
                                   QStringLiteral("else"),   QStringLiteral("elseif"), QStringLiteral("end"),
                                   QStringLiteral("false"),  QStringLiteral("for"),    QStringLiteral("function"),
                                   QStringLiteral("if"),     QStringLiteral("in"),     QStringLiteral("local"),
                                   QStringLiteral("nil"),    QStringLiteral("not"),    QStringLiteral("or"),
                                   QStringLiteral("repeat"), QStringLiteral("return"), QStringLiteral("then"),
                                   QStringLiteral("true"),   QStringLiteral("until"),  QStringLiteral("while")};
  return words.contains(word);
}

bool detail::isLuaName(const QString& word) {
  static const QSet<QString> words{
      QStringLiteral("ctx"),         QStringLiteral("math"),       QStringLiteral("string"),
      QStringLiteral("table"),       QStringLiteral("tonumber"),   QStringLiteral("tostring"),
      QStringLiteral("ipairs"),      QStringLiteral("pairs"),      QStringLiteral("time"),
      QStringLiteral("second"),      QStringLiteral("minute"),     QStringLiteral("hour"),
      QStringLiteral("day"),         QStringLiteral("on_event"),   QStringLiteral("on_timer"),
      QStringLiteral("on_clock"),    QStringLiteral("assert"),     QStringLiteral("error"),
      QStringLiteral("select"),      QStringLiteral("type"),       QStringLiteral("unpack"),
      QStringLiteral("millisecond"), QStringLiteral("microsecond")};
  return words.contains(word);
}

}  // namespace millrace::workbench
