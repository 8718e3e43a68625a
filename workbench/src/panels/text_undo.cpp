#include "panels/text_undo.hpp"

#include <QComboBox>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPlainTextEdit>

namespace millrace::workbench {
namespace {

/// Whether a key has something to do in a field: what was typed and nobody took yet, or was taken back just now.
bool isOwn(const QLineEdit& line, bool isUndo) {
  return isUndo ? line.isModified() && line.isUndoAvailable() : line.isRedoAvailable();
}

bool isOwn(const QObject& field, bool isUndo) {
  if (const auto* line = qobject_cast<const QLineEdit*>(&field)) return isOwn(*line, isUndo);
  if (const auto* box = qobject_cast<const QComboBox*>(&field)) {
    return box->lineEdit() != nullptr && isOwn(*box->lineEdit(), isUndo);
  }
  const auto* text = qobject_cast<const QPlainTextEdit*>(&field);
  if (text == nullptr) return false;
  return isUndo ? text->document()->isModified() && text->document()->isUndoAvailable()
                : text->document()->isRedoAvailable();
}

}  // namespace

void TextUndo::watch(QWidget& root) {
  for (auto* field : root.findChildren<QWidget*>()) {
    const bool isText = qobject_cast<QLineEdit*>(field) != nullptr || qobject_cast<QComboBox*>(field) != nullptr ||
                        qobject_cast<QPlainTextEdit*>(field) != nullptr;
    if (isText) field->installEventFilter(this);
  }
}

bool TextUndo::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::ShortcutOverride) return QObject::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  // Both keys of redo are the window's everywhere, and a field knows one of them.
  const bool isUndo = key->matches(QKeySequence::Undo);
  const bool isRedo =
      key->matches(QKeySequence::Redo) || (key->key() == Qt::Key_Y && key->modifiers() == Qt::ControlModifier);
  if ((!isUndo && !isRedo) || isOwn(*watched, isUndo)) return QObject::eventFilter(watched, event);
  event->ignore();  // no field's: it is a shortcut
  return true;
}

}  // namespace millrace::workbench
