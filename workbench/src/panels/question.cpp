#include "panels/question.hpp"

#include <QMessageBox>
#include <QPushButton>
#include <utility>

namespace millrace::workbench {

void askFirst(QWidget* parent, const QString& title, const QString& text, const QString& yes,
              std::function<void()> act) {
  auto* question = new QMessageBox{QMessageBox::Warning, title, text, QMessageBox::Cancel, parent};
  question->setAttribute(Qt::WA_DeleteOnClose);
  auto* button = question->addButton(yes, QMessageBox::DestructiveRole);
  question->setDefaultButton(QMessageBox::Cancel);
  QObject::connect(question, &QMessageBox::buttonClicked, parent,
                   [button, act = std::move(act)](const QAbstractButton* chosen) {
                     if (chosen == button) act();
                   });
  question->open();
}

}  // namespace millrace::workbench
