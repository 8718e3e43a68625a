#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>

#include "core/figures.hpp"
#include "panels/short_label.hpp"

namespace millrace::workbench {

/// A line above the canvas for what concerns all of it, with at most one thing to do about it. Hidden while there is
/// nothing to say. Thread: GUI.
class Banner final : public QFrame {
  Q_OBJECT

public:
  explicit Banner(QWidget* parent = nullptr);
  /// `action`: the button's words; empty: none.
  void tell(Health level, const QString& text, const QString& action = {});
  void clear();
  [[nodiscard]] QString text() const { return m_text->text(); }

Q_SIGNALS:
  void acted();

private:
  QLabel* m_icon;
  ShortLabel* m_text;
  QPushButton* m_button;
};

}  // namespace millrace::workbench
