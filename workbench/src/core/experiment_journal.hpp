#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <vector>

#include "core/experiment_document.hpp"
#include "core/journal_file.hpp"

namespace millrace::workbench {

/// An experiment that a workbench that crashed had not saved.
struct LostExperiment {
  QString file;  ///< the journal
  QString path;  ///< of the experiment; empty: it had no file yet
  QDateTime written;
  ExperimentDocument::Json root;

  /// Its title, or its file's name.
  [[nodiscard]] QString name() const;
  /// What would come back, against its file, line by line.
  [[nodiscard]] QStringList difference() const;
};

/// Keeps a copy of the unsaved changes of the experiment that is designed, half a second after each, as `CrashJournal`
/// does for topologies. The copy goes when it is saved, or another one takes its place. Thread: GUI.
class ExperimentJournal final : public QObject {
  Q_OBJECT

public:
  explicit ExperimentJournal(const QString& folder, QObject* parent = nullptr);

  /// Its present document has to live until then; nullptr: none.
  void setDocument(ExperimentDocument* document);
  /// Writes what is there now, or removes the file when nothing is unsaved. False: it could not be written.
  bool write();

  /// Oldest first; what cannot be read is left where it is.
  [[nodiscard]] static std::vector<LostExperiment> find(const QString& folder);
  static void discard(const LostExperiment& lost);

Q_SIGNALS:
  /// Told once, until a write succeeds again.
  void failed(const QString& why);

private:
  JournalFile m_file;
  ExperimentDocument* m_document = nullptr;
  QTimer m_delay;
  bool m_hasFailed = false;
};

}  // namespace millrace::workbench
