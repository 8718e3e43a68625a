#pragma once

#include <QByteArray>
#include <QObject>
#include <QString>
#include <QUndoStack>
#include <memory>
#include <optional>
#include <vector>

#include "core/edit.hpp"
#include "core/known_records.hpp"
#include "millrace/error.hpp"

namespace millrace::workbench {

/// A topology that is being edited: the only truth. Canvas, outline and inspector are views of it, and all of them
/// change it through `push`, so that every gesture is one step of undo.
///
/// Belongs to the GUI thread and holds no widgets. Thread: GUI.
class Document final : public QObject {
  Q_OBJECT

public:
  explicit Document(Drawing drawing, QString path = {}, QObject* parent = nullptr);
  ~Document() override;

  [[nodiscard]] const Drawing& drawing() const noexcept { return m_drawing; }
  [[nodiscard]] const topology& spec() const noexcept { return m_drawing.spec; }
  [[nodiscard]] const TopologyLayout& layout() const noexcept { return m_drawing.layout; }
  [[nodiscard]] QUndoStack& undoStack() noexcept { return m_undo; }
  [[nodiscard]] const QUndoStack& undoStack() const noexcept { return m_undo; }
  [[nodiscard]] bool isModified() const { return !m_undo.isClean(); }
  /// Absolute; empty: it has no file yet.
  [[nodiscard]] const QString& path() const noexcept { return m_path; }
  /// For tabs and titles: the file's name, or the topology's.
  [[nodiscard]] QString title() const;
  /// Where relative paths of parameters start: the file's folder; without a file one of the topology's name
  /// in the folder set here.
  [[nodiscard]] QString baseFolder() const;
  void setScratchFolder(QString folder) { m_scratchFolder = std::move(folder); }

  /// Carries an edit out as one step of undo. An empty one does nothing.
  void push(Edit edit);
  /// A builder that starts from the present drawing.
  [[nodiscard]] EditBuilder edit() const { return EditBuilder{m_drawing}; }

  /// What leaves its outputs, as validation told of the drawing as it is; nothing while that is being found out.
  [[nodiscard]] const std::optional<KnownRecords>& records() const noexcept { return m_records; }
  void setRecords(std::optional<KnownRecords> records) { m_records = std::move(records); }

  /// The topology as its file would hold it.
  [[nodiscard]] QByteArray text() const;
  /// SHA-256 of `text` in hex: what "differs from deployed" compares.
  [[nodiscard]] QByteArray contentHash() const;
  [[nodiscard]] static QByteArray hashOf(const QByteArray& text);

  /// From here on the document is `path`, and what it holds is what is saved there.
  void markSaved(const QString& path);
  /// As after an edit that nobody saved: what was recovered from a journal.
  void markUnsaved();

Q_SIGNALS:
  /// After an edit, an undo or a redo; `edit` holds what changed, `forward` in which direction.
  void changed(const millrace::workbench::Edit& edit, bool forward);
  void titleChanged();

private:
  class Command;
  void carryOut(const Edit& edit, bool forward);

  Drawing m_drawing;
  std::optional<KnownRecords> m_records;
  QString m_path;
  QString m_scratchFolder;
  QUndoStack m_undo;
};

}  // namespace millrace::workbench
