#include "canvas/comment_item.hpp"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>
#include <algorithm>

#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"

namespace millrace::workbench {
namespace {

constexpr double margin = 10;
constexpr double heightMin = 36;
constexpr int textFlags = Qt::TextWordWrap | Qt::TextWrapAnywhere | Qt::AlignLeft | Qt::AlignTop;

}  // namespace

CommentItem::CommentItem(std::string id, const QString& text) : m_id{std::move(id)} {
  setFlags(ItemIsSelectable);
  setZValue(-1);
  setText(text);
}

void CommentItem::setText(const QString& text) {
  if (text == m_text && m_height > 0) return;
  prepareGeometryChange();
  m_text = text;
  const auto words =
      QFontMetricsF{ownFont(12)}.boundingRect(QRectF{0, 0, width - 2 * margin - 4, 1e5}, textFlags, text);
  m_height = std::max(heightMin, words.height() + 2 * margin);
  update();
}

QRectF CommentItem::boundingRect() const {
  return {-1, -1, width + 2, m_height + 2};
}

void CommentItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const auto& theme = Theme::current();
  const QRectF box{0, 0, width, m_height};
  painter->setPen(QPen{isSelected() ? theme.accent : theme.nodeBorder, isSelected() ? 2.0 : 1.0});
  painter->setBrush(theme.panel);
  painter->drawRect(box);
  painter->fillRect(QRectF{0, 0, 3, m_height}, theme.textDim);
  if (QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform()) < detailedFrom) return;
  painter->setFont(ownFont(12));
  painter->setPen(m_text.isEmpty() ? theme.textDim : theme.text);
  painter->drawText(box.adjusted(margin + 4, margin, -margin, -margin), textFlags,
                    m_text.isEmpty() ? QStringLiteral("an empty comment") : m_text);
}

}  // namespace millrace::workbench
