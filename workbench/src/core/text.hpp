#pragma once

#include <QString>
#include <string>

namespace millrace::workbench {

/// The engine's texts are UTF-8 in std::string, Qt's are QString; this is the only place where one becomes the other.
[[nodiscard]] inline QString toQt(const std::string& text) {
  return QString::fromStdString(text);
}
[[nodiscard]] inline std::string toStd(const QString& text) {
  return text.toStdString();
}

}  // namespace millrace::workbench
