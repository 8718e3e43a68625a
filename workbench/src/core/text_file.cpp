#include "core/text_file.hpp"

#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include "core/text.hpp"

namespace millrace::workbench {

error fileError(errc code, const QString& path, const QString& what, const QString& remedy) {
  return user_error(code, toStd(path + QStringLiteral(": ") + what + QStringLiteral("; ") + remedy));
}

result<QByteArray> readFile(const QString& path, qint64 bytesMax, const QString& tooLarge) {
  QFile file{path};
  if (!file.exists()) {
    return fileError(errc::not_found, path, QStringLiteral("there is no such file"),
                     QStringLiteral("was it moved or renamed?"));
  }
  if (!file.open(QIODevice::ReadOnly)) {
    return fileError(errc::io_error, path, file.errorString(), QStringLiteral("check who may read it"));
  }
  if (file.size() > bytesMax) {
    return fileError(errc::limit_exceeded, path, QStringLiteral("has more than %1 MiB").arg(bytesMax / (1024 * 1024)),
                     tooLarge);
  }
  return file.readAll();
}

result<void> writeFile(const QString& path, const QByteArray& bytes) {
  // A new file would take the place of whatever this is, devices included.
  if (const QFileInfo there{path}; there.exists() && !there.isFile()) {
    return fileError(errc::invalid_argument, path, QStringLiteral("is no file"), QStringLiteral("choose another name"));
  }
  QSaveFile file{path};
  // Flushed here: Qt 6.4 passes over errors of the flush that commit() does by itself.
  if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.flush() && file.commit()) return {};
  file.cancelWriting();
  const auto isFull = file.error() == QFileDevice::ResourceError || file.error() == QFileDevice::WriteError;
  return fileError(isFull ? errc::disk_full : errc::io_error, path, file.errorString(),
                   QStringLiteral("nothing was changed; make room or choose another folder"));
}

}  // namespace millrace::workbench
