#include "panels/lua_editor.hpp"

#include <QFontDatabase>
#include <QKeyEvent>
#include <QPainter>
#include <QTextBlock>

#include "canvas/theme.hpp"

namespace millrace::workbench {
namespace {

constexpr int numbersWidth = 36;

bool isTakeKey(const QKeyEvent& event) {
  return (event.key() == Qt::Key_Return || event.key() == Qt::Key_Enter) && (event.modifiers() & Qt::ControlModifier);
}

}  // namespace

void LuaHighlighter::highlightBlock(const QString& text) {
  const auto& theme = Theme::current();
  const int before = previousBlockState() < 0 ? 0 : previousBlockState();
  setCurrentBlockState(scanLua(text, before, [&](LuaToken token, int start, int length) {
    QTextCharFormat format;
    switch (token) {
      case LuaToken::Keyword:
        format.setForeground(theme.accent);
        format.setFontWeight(QFont::DemiBold);
        break;
      case LuaToken::Known:
        format.setForeground(theme.records[3]);
        break;
      case LuaToken::Number:
        format.setForeground(theme.records[2]);
        break;
      case LuaToken::Text:
        format.setForeground(theme.kinds[3]);
        break;
      case LuaToken::Comment:
        format.setForeground(theme.textDim);
        format.setFontItalic(true);
        break;
    }
    setFormat(start, length, format);
  }));
}

LuaEditor::LuaEditor(QWidget* parent)
    : CodeText{parent}, m_highlighter{new LuaHighlighter{document()}}, m_numbers{new QWidget{this}} {
  auto font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  font.setPixelSize(13);
  setFont(font);
  setLineWrapMode(NoWrap);
  setAccessibleName(tr("Lua"));
  setViewportMargins(numbersWidth, 0, 0, 0);
  m_numbers->installEventFilter(this);
  connect(this, &QPlainTextEdit::updateRequest, m_numbers, qOverload<>(&QWidget::update));
}

void LuaEditor::repaintAll() {
  m_highlighter->rehighlight();
  setProblem(m_problem, toolTip());
}

void LuaEditor::setProblem(const std::optional<TextPlace>& place, const QString& why) {
  m_problem = place;
  setToolTip(why);
  QList<QTextEdit::ExtraSelection> marks;
  const auto block = place ? document()->findBlockByNumber(place->line - 1) : QTextBlock{};
  if (place && block.isValid()) {
    QTextEdit::ExtraSelection mark;
    mark.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
    mark.format.setUnderlineColor(Theme::current().of(Health::Critical));
    mark.cursor = QTextCursor{block};
    const int column = std::clamp(place->column - 1, 0, std::max(0, block.length() - 2));
    mark.cursor.setPosition(block.position() + column);
    mark.cursor.movePosition(QTextCursor::EndOfWord, QTextCursor::KeepAnchor);
    if (!mark.cursor.hasSelection()) mark.cursor.movePosition(QTextCursor::NextCharacter, QTextCursor::KeepAnchor);
    marks << mark;
  }
  setExtraSelections(marks);
  m_numbers->update();
}

bool LuaEditor::event(QEvent* event) {
  // Ctrl+Enter is the window's elsewhere.
  if (event->type() == QEvent::ShortcutOverride && isTakeKey(static_cast<QKeyEvent&>(*event))) {
    event->accept();
    return true;
  }
  return CodeText::event(event);
}

void LuaEditor::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Tab && event->modifiers() == Qt::NoModifier) {
    insertPlainText(QStringLiteral("  "));
  } else if (isTakeKey(*event)) {
    Q_EMIT taken();
  } else {
    CodeText::keyPressEvent(event);
  }
}

void LuaEditor::focusOutEvent(QFocusEvent* event) {
  CodeText::focusOutEvent(event);
  Q_EMIT taken();
}

void LuaEditor::resizeEvent(QResizeEvent* event) {
  CodeText::resizeEvent(event);
  const auto room = contentsRect();
  m_numbers->setGeometry(room.left(), room.top(), numbersWidth, room.height());
}

bool LuaEditor::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_numbers && event->type() == QEvent::Paint) {
    paintNumbers();
    return true;
  }
  return CodeText::eventFilter(watched, event);
}

void LuaEditor::paintNumbers() {
  const auto& theme = Theme::current();
  QPainter painter{m_numbers};
  painter.fillRect(m_numbers->rect(), theme.panel);
  painter.setFont(font());
  for (auto block = firstVisibleBlock(); block.isValid(); block = block.next()) {
    const auto box = blockBoundingGeometry(block).translated(contentOffset());
    if (box.top() > m_numbers->height()) break;
    const bool isWrong = m_problem && m_problem->line == block.blockNumber() + 1;
    painter.setPen(isWrong ? theme.of(Health::Critical) : theme.textDim);
    painter.drawText(QRectF{0, box.top(), numbersWidth - 8, box.height()}, Qt::AlignRight | Qt::AlignVCenter,
                     QString::number(block.blockNumber() + 1));
  }
}

}  // namespace millrace::workbench
