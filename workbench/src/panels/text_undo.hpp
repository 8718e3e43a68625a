#pragma once

#include <QObject>

class QWidget;

namespace millrace::workbench {

/// Fields take the keys of undo and redo for the text in them, whether or not there is any to take back; so whoever
/// had pressed Enter in one, or had only looked at it, could not undo what they did to the topology. A field watched by
/// this has those keys only while it holds text that nobody took yet; then they are the document's.
///
/// Watches what is below a widget at the time, for as long as both live. Thread: GUI.
class TextUndo final : public QObject {
  Q_OBJECT

public:
  using QObject::QObject;
  void watch(QWidget& root);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace millrace::workbench
