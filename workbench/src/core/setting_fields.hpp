#pragma once

#include <QString>
#include <QStringList>
#include <functional>
#include <vector>

#include "millrace/topology.hpp"

namespace millrace::workbench {

/// One setting of a whole topology, its name among them, as people read and write it.
struct SettingField {
  const char* name;
  QString label, help;
  QStringList choices;  ///< the only texts allowed; none: it is typed
  std::function<QString(const topology&)> text;
  /// Errors (`invalid_argument`) say what may be given; the topology is as before then.
  std::function<result<void>(topology&, const QString&)> take;
};

/// All of them, in their order. Thread: any.
[[nodiscard]] const std::vector<SettingField>& settingFields();
[[nodiscard]] const SettingField& settingField(const char* name);

}  // namespace millrace::workbench
