#pragma once

#include <QByteArray>
#include <QString>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// Files of the user that are read and written as a whole. `error::message` names the file, what is wrong and what to
/// do about it.
[[nodiscard]] error fileError(errc code, const QString& path, const QString& what, const QString& remedy);

/// Errors: `not_found`, `io_error`, and `limit_exceeded` with the sentence `tooLarge` for more than `bytesMax`.
[[nodiscard]] result<QByteArray> readFile(const QString& path, qint64 bytesMax, const QString& tooLarge);

/// In one step: a new file takes the old one's place, after fsync. Errors: `invalid_argument` for what is no file,
/// `disk_full` and `io_error`; the old file is then as it was.
[[nodiscard]] result<void> writeFile(const QString& path, const QByteArray& bytes);

}  // namespace millrace::workbench
