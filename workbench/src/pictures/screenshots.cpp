#include "pictures/screenshots.hpp"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <array>
#include <exception>

#include "pictures/picture_session.hpp"

namespace millrace::workbench {
namespace {

struct Part {
  const char* name;
  void (*shoot)(PictureSession&);
};

constexpr std::array parts{Part{"editing", shootEditing},   Part{"running", shootRunning},
                           Part{"steering", shootSteering}, Part{"experiment", shootExperiment},
                           Part{"nodes", shootNodes},       Part{"load", shootLoad}};

}  // namespace

QStringList screenshotParts() {
  QStringList names;
  for (const auto& part : parts) names << QString::fromLatin1(part.name);
  return names;
}

int makeScreenshots(const QString& folder, const QStringList& wanted) {
  const auto known = screenshotParts();
  for (const auto& name : wanted) {
    if (known.contains(name)) continue;
    qCritical("--part: there is no “%s”; there is %s", qPrintable(name), qPrintable(known.join(QStringLiteral(", "))));
    return 2;
  }
  if (!QDir{}.mkpath(folder)) {
    qCritical("the folder %s cannot be made", qPrintable(folder));
    return 1;
  }
  for (const auto& part : parts) {
    if (!wanted.isEmpty() && !wanted.contains(QString::fromLatin1(part.name))) continue;
    // Pictures do not depend on anybody's settings, nor on what an engine was left with (a topology that was paused
    // stays so), and change none.
    const QTemporaryDir home;
    qputenv("XDG_CONFIG_HOME", QFile::encodeName(home.filePath(QStringLiteral("config"))));
    qputenv("XDG_DATA_HOME", QFile::encodeName(home.filePath(QStringLiteral("data"))));
    try {
      PictureSession session{QFileInfo{folder}.absoluteFilePath()};
      part.shoot(session);
    } catch (const std::exception& e) {
      qCritical("screenshots: %s: %s", part.name, e.what());
      return 1;
    }
  }
  return 0;
}

}  // namespace millrace::workbench
