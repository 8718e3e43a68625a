#include "panels/word_dialog.hpp"

#include <QClipboard>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace millrace::workbench {
namespace {

constexpr QSize dialogSize{560, 260};

}  // namespace

WordDialog::WordDialog(const QString& title, const QString& word, const QString& fingerprint, bool isForPerson,
                       QWidget* parent)
    : QDialog{parent} {
  setWindowTitle(title);
  resize(dialogSize);
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(16, 16, 16, 16);
  auto* what = new QLabel{
      isForPerson
          ? tr("Good for 15 minutes and for one key. They paste it into their workbench (Nodes, Add a node), or "
               "into 'millrace key accept'. Hand it on where nobody else reads it, and tell them the "
               "fingerprint by another way.")
          : tr("Good for 15 minutes and for one node. On its machine: 'millrace node join' with this word. Hand "
               "it on where nobody else reads it, and compare fingerprints.")};
  what->setWordWrap(true);
  column->addWidget(what);
  auto* text = new QPlainTextEdit{word};
  text->setReadOnly(true);
  text->setLineWrapMode(QPlainTextEdit::WidgetWidth);
  text->setWordWrapMode(QTextOption::WrapAnywhere);
  text->setAccessibleName(tr("Invitation"));
  column->addWidget(text, 1);
  auto* mark = new QLabel{tr("Fingerprint of the node: %1").arg(fingerprint)};
  mark->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  mark->setWordWrap(true);
  column->addWidget(mark);
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Close};
  auto* copy = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
  copy->setDefault(true);
  connect(copy, &QPushButton::clicked, this, [word] { QGuiApplication::clipboard()->setText(word); });
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  column->addWidget(buttons);
}

}  // namespace millrace::workbench
