#pragma once

#include <QGraphicsItem>
#include <QString>
#include <string>

namespace millrace::workbench {

/// A note on the canvas: plain text, as high as it needs. It is edited in the inspector. Thread: GUI.
class CommentItem final : public QGraphicsItem {
public:
  enum { Type = UserType + 4 };
  CommentItem(std::string id, const QString& text);

  [[nodiscard]] int type() const override { return Type; }
  [[nodiscard]] QRectF boundingRect() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

  [[nodiscard]] const std::string& id() const noexcept { return m_id; }
  void setText(const QString& text);

  static constexpr double width = 220;

private:
  std::string m_id;
  QString m_text;
  double m_height = 0;
};

}  // namespace millrace::workbench
