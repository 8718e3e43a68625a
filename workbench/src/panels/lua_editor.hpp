#pragma once

#include <QSyntaxHighlighter>
#include <optional>

#include "core/lua_text.hpp"
#include "panels/code_text.hpp"

namespace millrace::workbench {

/// Colours Lua in the present theme. Thread: GUI.
class LuaHighlighter final : public QSyntaxHighlighter {
  Q_OBJECT

public:
  using QSyntaxHighlighter::QSyntaxHighlighter;

protected:
  void highlightBlock(const QString& text) override;
};

/// A field of several lines for Lua: coloured, with numbers of lines, and a mark where something is wrong. Tab indents
/// by two spaces; Ctrl+Enter takes what was typed, and so does leaving it. Thread: GUI.
class LuaEditor final : public CodeText {
  Q_OBJECT

public:
  explicit LuaEditor(QWidget* parent = nullptr);
  /// Nothing: nothing is wrong.
  void setProblem(const std::optional<TextPlace>& place, const QString& why);
  [[nodiscard]] std::optional<TextPlace> problem() const { return m_problem; }
  void repaintAll();

Q_SIGNALS:
  /// The text is to count now.
  void taken();

protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void paintNumbers();

  LuaHighlighter* m_highlighter;
  QWidget* m_numbers;
  std::optional<TextPlace> m_problem;
};

}  // namespace millrace::workbench
