#pragma once

#include <QLabel>
#include <QPainter>
#include <QStyle>

namespace millrace::workbench {

/// One line that may be longer than there is room: what is cut ends with an ellipsis, is whole in the tool tip, and
/// does not make the window wider. Thread: GUI.
class ShortLabel final : public QLabel {
public:
  explicit ShortLabel(QWidget* parent = nullptr) : QLabel{parent} {
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    setTextFormat(Qt::PlainText);
  }
  void show(const QString& words) {
    setText(words);
    setToolTip(words);
  }

protected:
  void paintEvent(QPaintEvent* /*event*/) override {
    QPainter painter{this};
    const auto room = contentsRect();
    style()->drawItemText(&painter, room, static_cast<int>(alignment()), palette(), isEnabled(),
                          fontMetrics().elidedText(text(), Qt::ElideRight, room.width()), foregroundRole());
  }
};

}  // namespace millrace::workbench
