#include "panels/banner.hpp"

#include <QHBoxLayout>

#include "canvas/theme.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {

Banner::Banner(QWidget* parent)
    : QFrame{parent}, m_icon{new QLabel{this}}, m_text{new ShortLabel{this}}, m_button{new QPushButton{this}} {
  auto* layout = new QHBoxLayout{this};
  layout->setContentsMargins(12, 6, 12, 6);
  layout->addWidget(m_icon);
  layout->addWidget(m_text, 1);
  layout->addWidget(m_button);
  setAutoFillBackground(true);
  connect(m_button, &QPushButton::clicked, this, &Banner::acted);
  hide();
}

void Banner::tell(Health level, const QString& text, const QString& action) {
  const auto& theme = Theme::current();
  m_icon->setPixmap(healthIcon(level).pixmap(12, 12));
  m_text->show(text);
  m_button->setText(action);
  m_button->setVisible(!action.isEmpty());
  // Amber or red as a stripe; the words keep the contrast of ordinary text.
  setStyleSheet(QStringLiteral("millrace--workbench--Banner { background: %1; border: 0; border-left: 4px solid %2; }")
                    .arg(theme.panel.name(), theme.of(level).name()));
  show();
}

void Banner::clear() {
  m_text->clear();
  hide();
}

}  // namespace millrace::workbench
