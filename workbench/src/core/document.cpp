#include "core/document.hpp"

#include <QCryptographicHash>
#include <QFileInfo>
#include <QUndoCommand>
#include <algorithm>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// A step holds what it changed, a few hundred bytes as a rule: this many are a working day.
constexpr int undoStepsMax = 2000;

/// Places, frames and comments decide about nothing that is sent.
bool decidesAboutRecords(const Change& change) {
  return !std::holds_alternative<PlaceChange>(change) && !std::holds_alternative<GroupChange>(change) &&
         !std::holds_alternative<CommentChange>(change);
}

}  // namespace

class Document::Command final : public QUndoCommand {
public:
  Command(Document& document, Edit edit) : QUndoCommand{edit.title}, m_document{document}, m_edit{std::move(edit)} {}

  void redo() override { m_document.carryOut(m_edit, true); }
  void undo() override { m_document.carryOut(m_edit, false); }

private:
  Document& m_document;
  Edit m_edit;
};

Document::Document(Drawing drawing, QString path, QObject* parent)
    : QObject{parent}, m_drawing{std::move(drawing)}, m_path{std::move(path)} {
  m_undo.setUndoLimit(undoStepsMax);
  connect(&m_undo, &QUndoStack::cleanChanged, this, &Document::titleChanged);
}

Document::~Document() {
  // The stack tells of its own end, when nobody can look any more.
  m_undo.disconnect();
}

QString Document::title() const {
  return m_path.isEmpty() ? toQt(m_drawing.spec.name) : QFileInfo{m_path}.fileName();
}

QString Document::baseFolder() const {
  return m_path.isEmpty() ? m_scratchFolder + QLatin1Char('/') + toQt(m_drawing.spec.name)
                          : QFileInfo{m_path}.absolutePath();
}

void Document::push(Edit edit) {
  if (!edit.isEmpty()) m_undo.push(new Command{*this, std::move(edit)});
}

void Document::carryOut(const Edit& edit, bool forward) {
  if (forward) {
    for (const auto& change : edit.changes) apply(change, true, m_drawing);
  } else {
    for (auto at = edit.changes.rbegin(); at != edit.changes.rend(); ++at) apply(*at, false, m_drawing);
  }
  if (std::ranges::any_of(edit.changes, decidesAboutRecords)) m_records.reset();
  Q_EMIT changed(edit, forward);
}

QByteArray Document::text() const {
  return QByteArray::fromStdString(to_text(m_drawing.spec));
}

QByteArray Document::hashOf(const QByteArray& text) {
  return QCryptographicHash::hash(text, QCryptographicHash::Sha256).toHex();
}

QByteArray Document::contentHash() const {
  return hashOf(text());
}

void Document::markSaved(const QString& path) {
  m_path = path;
  m_undo.setClean();
  Q_EMIT titleChanged();
}

void Document::markUnsaved() {
  m_undo.resetClean();
}

}  // namespace millrace::workbench
