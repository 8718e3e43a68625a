#include "core/setting_fields.hpp"

#include <algorithm>
#include <string_view>

#include "core/text.hpp"
#include "millrace/duration.hpp"

namespace millrace::workbench {
namespace {

SettingField nameField() {
  return {"name",
          QStringLiteral("Name"),
          QStringLiteral("1 to 64 of the characters a-z, A-Z, 0-9, _ and -"),
          {},
          [](const topology& t) { return toQt(t.name); },
          [](topology& t, const QString& text) -> result<void> {
            if (!is_valid_name(toStd(text))) {
              return user_error(errc::invalid_argument, "a name has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -");
            }
            t.name = toStd(text);
            return {};
          }};
}

SettingField guaranteeField() {
  QStringList texts;
  for (const auto g : {guarantee::exactly_once, guarantee::at_least_once, guarantee::at_most_once}) {
    texts << QString::fromLatin1(to_string(g));
  }
  return {"guarantee",
          QStringLiteral("Guarantee"),
          QStringLiteral("one of %1: what validation holds the topology to").arg(texts.join(QStringLiteral(", "))),
          texts,
          [](const topology& t) { return QString::fromLatin1(to_string(t.settings.promise)); },
          [texts](topology& t, const QString& text) -> result<void> {
            for (const auto g : {guarantee::exactly_once, guarantee::at_least_once, guarantee::at_most_once}) {
              if (text != QLatin1String(to_string(g))) continue;
              t.settings.promise = g;
              return {};
            }
            return user_error(errc::invalid_argument,
                              "a guarantee is one of " + toStd(texts.join(QStringLiteral(", "))));
          }};
}

SettingField snapshotsField() {
  return {"snapshot_interval",
          QStringLiteral("Snapshots every"),
          QStringLiteral("a time as 1s; 0s: none but the last"),
          {},
          [](const topology& t) { return toQt(to_text(t.settings.snapshot_interval)); },
          [](topology& t, const QString& text) -> result<void> {
            const auto interval = parse_duration(toStd(text.trimmed()));
            if (!interval) return interval.error();
            t.settings.snapshot_interval = *interval;
            return {};
          }};
}

}  // namespace

const std::vector<SettingField>& settingFields() {
  static const std::vector<SettingField> fields{nameField(), guaranteeField(), snapshotsField()};
  return fields;
}

const SettingField& settingField(const char* name) {
  const std::string_view wanted{name};
  return *std::ranges::find_if(settingFields(), [&](const SettingField& f) { return f.name == wanted; });
}

}  // namespace millrace::workbench
