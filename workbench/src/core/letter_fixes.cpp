#include "core/letter_fixes.hpp"

#include <QRegularExpression>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;

/// `$1` as Qt's replacements have it.
QString replacementOf(QString with) {
  static const QRegularExpression group{QStringLiteral("\\$([0-9])")};
  return with.replace(group, QStringLiteral("\\\\1"));
}

result<std::vector<LetterNote>> replaced(const std::vector<LetterNote>& letters, const LetterFix& fix) {
  const QRegularExpression match{fix.match};
  if (!match.isValid()) {
    return user_error(errc::invalid_argument,
                      toStd(QStringLiteral("'%1' is no regular expression: %2").arg(fix.match, match.errorString())));
  }
  const auto with = replacementOf(fix.with);
  std::vector<LetterNote> all;
  for (const auto& letter : letters) {
    auto content = letter.content;
    content.replace(match, with);
    if (content != letter.content) all.push_back({letter.id, std::move(content)});
  }
  if (all.empty()) return user_error(errc::not_found, toStd(QStringLiteral("'%1' is found in none").arg(fix.match)));
  return all;
}

}  // namespace

result<std::vector<LetterNote>> mended(const std::vector<LetterNote>& letters, const LetterFix& fix) {
  if (letters.empty()) return user_error(errc::invalid_argument, "select letters first");
  if (!fix.match.isEmpty()) return replaced(letters, fix);
  if (letters.size() == 1) return std::vector<LetterNote>{{letters.front().id, fix.content}};
  const auto members = json::parse(toStd(fix.content), nullptr, false);
  if (!members.is_object() || members.empty()) {
    return user_error(errc::invalid_argument,
                      "several letters are mended by the members to set in all of them, such as {\"amount\": 12.5}, or "
                      "by what is to be found and replaced");
  }
  std::vector<LetterNote> all;
  for (const auto& letter : letters) {
    auto content = json::parse(toStd(letter.content), nullptr, false);
    if (!content.is_object()) {
      return user_error(errc::invalid_argument,
                        "letter " + toStd(letter.id) + " is no JSON object: mend it by what is found and replaced");
    }
    for (const auto& [name, value] : members.items()) content[name] = value;
    all.push_back({letter.id, toQt(content.dump())});
  }
  return all;
}

}  // namespace millrace::workbench
