#include "app/recovery_dialog.hpp"

#include <QDialogButtonBox>
#include <QFileInfo>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/document_file.hpp"
#include "core/line_diff.hpp"
#include "core/text.hpp"

namespace millrace::workbench {

QStringList RecoveryDialog::difference(const LostWork& work) {
  QString before;
  if (!work.path.isEmpty()) {
    if (const auto file = DocumentFile::open(work.path)) before = QString::fromUtf8(file->document().text());
  }
  auto lines = lineDiff(before, toQt(to_text(work.drawing.spec)));
  if (lines.isEmpty()) lines << tr("only places of nodes differ");
  return lines;
}

RecoveryDialog::RecoveryDialog(const LostWork& work, QWidget* parent)
    : RecoveryDialog{work.path.isEmpty() ? toQt(work.drawing.spec.name) : QFileInfo{work.path}.fileName(), work.written,
                     difference(work), parent} {}

RecoveryDialog::RecoveryDialog(const QString& name, const QDateTime& written, const QStringList& lines, QWidget* parent)
    : QDialog{parent} {
  setWindowTitle(tr("Unsaved work"));
  resize(720, 420);
  auto* layout = new QVBoxLayout{this};
  auto* words = new QLabel{tr("The workbench ended before changes of %1 were saved (%2). They would bring:")
                               .arg(name, written.toString(QStringLiteral("yyyy-MM-dd HH:mm")))};
  words->setWordWrap(true);
  layout->addWidget(words);
  auto* text = new QPlainTextEdit{lines.join(QLatin1Char('\n'))};
  text->setReadOnly(true);
  text->setLineWrapMode(QPlainTextEdit::NoWrap);
  text->setAccessibleName(tr("What differs"));
  layout->addWidget(text, 1);
  auto* buttons = new QDialogButtonBox;
  auto* restore = buttons->addButton(tr("Restore"), QDialogButtonBox::AcceptRole);
  auto* discard = buttons->addButton(tr("Discard"), QDialogButtonBox::DestructiveRole);
  buttons->addButton(tr("Later"), QDialogButtonBox::RejectRole);
  restore->setDefault(true);
  connect(discard, &QPushButton::clicked, this, [this] {
    m_isDiscarded = true;
    reject();
  });
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  layout->addWidget(buttons);
}

}  // namespace millrace::workbench
