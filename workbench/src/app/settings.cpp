#include "app/settings.hpp"

#include <QStandardPaths>
#include <algorithm>

namespace millrace::workbench {
namespace {

/// Nodes that one box can list.
constexpr int targetsMax = 100;

QString keyName(const QString& command) {
  // Slashes would be groups of the file.
  auto name = command;
  return QStringLiteral("keys/") + name.replace(QLatin1Char('/'), QLatin1Char('.'));
}

}  // namespace

QString Settings::path() {
  return QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) + QStringLiteral("/settings.ini");
}

Settings::Settings() : m_file{path(), QSettings::IniFormat} {}

bool Settings::isDark() const {
  return m_file.value(QStringLiteral("theme"), QStringLiteral("dark")).toString() != QLatin1String("light");
}

void Settings::setDark(bool isDark) {
  m_file.setValue(QStringLiteral("theme"), isDark ? QStringLiteral("dark") : QStringLiteral("light"));
}

QString Settings::enginePath() const {
  return m_file.value(QStringLiteral("engine")).toString();
}

void Settings::setEnginePath(const QString& path) {
  if (path.isEmpty()) {
    m_file.remove(QStringLiteral("engine"));
  } else {
    m_file.setValue(QStringLiteral("engine"), path);
  }
}

QString Settings::keyFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) + QStringLiteral("/keys");
}

std::vector<Target> Settings::targets() {
  std::vector<Target> all;
  const int count = std::min(m_file.beginReadArray(QStringLiteral("targets")), targetsMax);
  for (int i = 0; i < count; ++i) {
    m_file.setArrayIndex(i);
    const auto text = [this](const char* name) { return m_file.value(QLatin1String(name)).toString(); };
    Target target{text("name"), text("address"), text("server_key"), text("key_file")};
    if (!target.name.isEmpty() && !target.address.isEmpty()) all.push_back(std::move(target));
  }
  m_file.endArray();
  return all;
}

void Settings::setTargets(const std::vector<Target>& targets) {
  m_file.remove(QStringLiteral("targets"));
  m_file.beginWriteArray(QStringLiteral("targets"));
  int i = 0;
  for (const auto& target : targets) {
    if (i >= targetsMax) break;
    m_file.setArrayIndex(i++);
    m_file.setValue(QStringLiteral("name"), target.name);
    m_file.setValue(QStringLiteral("address"), target.address);
    m_file.setValue(QStringLiteral("server_key"), target.serverKey);
    m_file.setValue(QStringLiteral("key_file"), target.keyFile);
  }
  m_file.endArray();
}

QString Settings::targetName() const {
  return m_file.value(QStringLiteral("target")).toString();
}

void Settings::setTargetName(const QString& name) {
  if (name.isEmpty()) {
    m_file.remove(QStringLiteral("target"));
  } else {
    m_file.setValue(QStringLiteral("target"), name);
  }
}

std::optional<QList<QKeySequence>> Settings::keysOf(const QString& command) const {
  const auto value = m_file.value(keyName(command));
  if (!value.isValid()) return std::nullopt;
  return QKeySequence::listFromString(value.toString(), QKeySequence::PortableText);
}

void Settings::setKeys(const QString& command, const std::optional<QList<QKeySequence>>& keys) {
  if (keys) {
    m_file.setValue(keyName(command), QKeySequence::listToString(*keys, QKeySequence::PortableText));
  } else {
    m_file.remove(keyName(command));
  }
}

QByteArray Settings::arrangement(const QString& name) const {
  return m_file.value(QStringLiteral("panels/") + name).toByteArray();
}

void Settings::setArrangement(const QString& name, const QByteArray& state) {
  if (state.isEmpty()) {
    m_file.remove(QStringLiteral("panels/") + name);
  } else {
    m_file.setValue(QStringLiteral("panels/") + name, state);
  }
}

QString Settings::problem() {
  m_file.sync();
  if (m_file.status() == QSettings::NoError) return {};
  return QStringLiteral("%1 cannot be written: check who may write there, and the room on the disk").arg(path());
}

}  // namespace millrace::workbench
