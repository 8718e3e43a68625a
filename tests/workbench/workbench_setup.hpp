#pragma once

#include <QApplication>
#include <QFile>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include "canvas/theme.hpp"

namespace millrace::workbench::testing {

/// A place of its own for everything a workbench keeps, and its looks. One a program, before any window.
class Surroundings {
public:
  Surroundings() {
    qputenv("XDG_RUNTIME_DIR", QFile::encodeName(m_folder.path()));
    qputenv("XDG_DATA_HOME", QFile::encodeName(m_folder.filePath(QStringLiteral("data"))));
    qputenv("XDG_CONFIG_HOME", QFile::encodeName(m_folder.filePath(QStringLiteral("config"))));
    qputenv("MILLRACE_COMMAND", MILLRACE_COMMAND);
    qputenv("MILLRACE_PLUGINS", QFile::encodeName(m_folder.filePath(QStringLiteral("plugins"))));
    auto& app = *qobject_cast<QApplication*>(QCoreApplication::instance());
    if (!setUpLooks(app, true)) qFatal("the fonts that come with the workbench cannot be loaded");
  }
  [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }

private:
  QTemporaryDir m_folder;
};

}  // namespace millrace::workbench::testing
