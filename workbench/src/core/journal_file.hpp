#pragma once

#include <QDateTime>
#include <QLockFile>
#include <QString>
#include <memory>
#include <vector>

namespace millrace::workbench {

/// A file with work that nobody saved yet. While its owner lives it holds a lock beside it; one without a living owner
/// was left by a crash. Replaced whole at each write; not synchronised, since a crash of the program loses nothing that
/// was written, and the disk would hold up the window. Thread: GUI.
class JournalFile {
public:
  /// `ending`: of the names of its kind, such as ".journal". The folder is made with the first write.
  JournalFile(const QString& folder, const QString& ending);
  ~JournalFile();
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  /// Empty: done; otherwise why not.
  [[nodiscard]] QString write(const QByteArray& bytes);
  void remove();

  /// What crashed programs left in a folder.
  struct Left {
    QString file;
    QDateTime written;
    QByteArray bytes;
  };
  /// Oldest first; what is larger than 64 MiB or cannot be read is passed over.
  [[nodiscard]] static std::vector<Left> find(const QString& folder, const QString& ending);

private:
  QString m_file;
  std::unique_ptr<QLockFile> m_owner;
};

}  // namespace millrace::workbench
