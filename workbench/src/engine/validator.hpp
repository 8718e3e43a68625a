#pragma once

#include <QObject>
#include <QTemporaryDir>
#include <QTimer>

#include "core/document.hpp"
#include "core/problem_list.hpp"
#include "engine/tool_call.hpp"

namespace millrace::workbench {

/// Keeps the list of a document's problems, and tells it what its streams carry: shortly after each change the engine's
/// own validation looks at it, in a child process (`millrace validate --json`), so that it works without a connection
/// and never holds the GUI up. One child at a time; what changes meanwhile is looked at next. Thread: GUI.
class Validator final : public QObject {
  Q_OBJECT

public:
  explicit Validator(Document& document, QObject* parent = nullptr);

  [[nodiscard]] const ProblemList& problems() const noexcept { return m_problems; }
  /// What the engine would say may be other than it was, as when its types have changed.
  void checkAgain();
  /// Whether `problems` are those of the document as it is now.
  [[nodiscard]] bool isCurrent() const noexcept { return m_checked == m_revision && !m_call.isRunning(); }

Q_SIGNALS:
  void problemsChanged();

private:
  void begin();
  void take(ProblemList problems);

  Document& m_document;
  QTemporaryDir m_folder;
  ToolCall m_call;
  QTimer m_delay;
  ProblemList m_problems;
  quint64 m_revision = 1, m_begun = 0, m_checked = 0;
};

}  // namespace millrace::workbench
