#pragma once

#include <QString>
#include <memory>

#include "core/document.hpp"

namespace millrace::workbench {

/// A document and what its two files held when they were last read or written: `NAME.mill`, the topology, and
/// `NAME.mill.layout` beside it.
///
/// Saving is atomic for each file (a new file takes the old one's place, after fsync), writes only what differs from
/// what the file holds, so that moving a node leaves `NAME.mill` alone, and never overwrites what another program wrote
/// meanwhile. Thread: GUI.
class DocumentFile {
public:
  /// A new document without a file. `number` tells several of one window apart.
  explicit DocumentFile(int number);

  /// What a journal kept of the topology at `path`, which may be empty: not saved yet.
  [[nodiscard]] static DocumentFile recovered(Drawing drawing, const QString& path);
  /// Errors: `not_found`, `io_error`, and `parse_error` with line, column and member. A missing layout is none.
  [[nodiscard]] static result<DocumentFile> open(const QString& path);

  [[nodiscard]] Document& document() const noexcept { return *m_document; }

  /// Whether another program has changed one of the files since it was read or written here.
  [[nodiscard]] bool isChangedOnDisk() const;
  /// Errors: `already_exists` when another program changed the file (unless `overwrite`), `invalid_argument` when the
  /// drawing cannot be written, `disk_full` and `io_error`. The old files are then as they were.
  [[nodiscard]] result<void> save(const QString& path, bool overwrite = false);

  /// Where the layout of the topology at `path` is kept.
  [[nodiscard]] static QString layoutPath(const QString& path) { return path + QStringLiteral(".layout"); }

private:
  explicit DocumentFile(std::unique_ptr<Document> document) : m_document{std::move(document)} {}

  std::unique_ptr<Document> m_document;
  QByteArray m_bytes;        // of the topology's file
  QByteArray m_layoutBytes;  // of the layout's
  topology m_saved;          // what `m_bytes` mean
};

}  // namespace millrace::workbench
