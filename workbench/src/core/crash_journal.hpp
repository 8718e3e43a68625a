#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QTimer>
#include <vector>

#include "core/document.hpp"
#include "core/journal_file.hpp"

namespace millrace::workbench {

/// What a workbench that crashed had not saved.
struct LostWork {
  QString file;  ///< the journal
  QString path;  ///< of the topology; empty: it had no file yet
  QDateTime written;
  Drawing drawing;
};

/// Keeps a copy of a document's unsaved changes on disk, half a second after each, so that a crash costs no more than
/// that. The copy goes when the document is saved or closed; one that is left without a living owner is lost work.
/// Thread: GUI.
class CrashJournal final : public QObject {
  Q_OBJECT

public:
  /// `folder` is made when it is not there. A folder that cannot be written costs the protection, not the work:
  /// `failed` says so once.
  CrashJournal(Document& document, const QString& folder, QObject* parent = nullptr);

  /// Lost work in a folder, oldest first; journals that cannot be read are left where they are.
  [[nodiscard]] static std::vector<LostWork> find(const QString& folder);
  static void discard(const LostWork& work);

  /// Writes what is there now, or removes the file when nothing is unsaved. False: it could not be written.
  bool write();

Q_SIGNALS:
  void failed(const QString& why);

private:
  Document& m_document;
  JournalFile m_file;
  QTimer m_delay;
  bool m_hasFailed = false;
};

}  // namespace millrace::workbench
