#include "panels/key_dialog.hpp"

#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpressionValidator>

namespace millrace::workbench {
namespace {

constexpr int dialogWidth = 480;

}  // namespace

KeyDialog::KeyDialog(bool isInvitation, QWidget* parent)
    : QDialog{parent},
      m_name{new QLineEdit},
      m_role{new QComboBox},
      m_topologies{new QLineEdit},
      m_path{new QLineEdit} {
  setWindowTitle(isInvitation ? tr("Invite somebody") : tr("Create a key"));
  setMinimumWidth(dialogWidth);
  auto* form = new QFormLayout{this};
  form->setContentsMargins(16, 16, 16, 16);
  auto* why = new QLabel{isInvitation ? tr("They get a word that is good for 15 minutes and once. Their key is made "
                                           "where they use it: no secret is sent.")
                                      : tr("The key is made here and written to a file, to be given to whom it is for. "
                                           "An invitation needs no file to be sent.")};
  why->setWordWrap(true);
  form->addRow(why);
  // As a node takes them.
  m_name->setValidator(
      new QRegularExpressionValidator{QRegularExpression{QStringLiteral("[A-Za-z0-9_-]{1,64}")}, m_name});
  m_name->setPlaceholderText(tr("such as: ada"));
  form->addRow(tr("&Name"), m_name);
  m_role->addItem(tr("viewer – may look"), QStringLiteral("viewer"));
  m_role->addItem(tr("operator – may also deploy, start, stop and steer"), QStringLiteral("operator"));
  m_role->addItem(tr("admin – may also remove, and give and revoke keys"), QStringLiteral("admin"));
  form->addRow(tr("&Role"), m_role);
  m_topologies->setPlaceholderText(tr("all; or names, with commas between"));
  form->addRow(tr("&Topologies"), m_topologies);
  if (!isInvitation) {
    auto* row = new QHBoxLayout;
    row->addWidget(m_path, 1);
    auto* choose = new QPushButton{tr("&Browse …")};
    choose->setAutoDefault(false);
    connect(choose, &QPushButton::clicked, this, &KeyDialog::browse);
    row->addWidget(choose);
    auto* label = new QLabel{tr("&File")};
    label->setBuddy(m_path);
    form->addRow(label, row);
  } else {
    m_path->setParent(this);
    m_path->hide();
  }
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Cancel};
  auto* done = buttons->addButton(isInvitation ? tr("&Invite") : tr("&Create"), QDialogButtonBox::AcceptRole);
  form->addRow(buttons);
  const auto check = [this, done, isInvitation] {
    done->setEnabled(m_name->hasAcceptableInput() && (isInvitation || !m_path->text().isEmpty()));
  };
  connect(m_name, &QLineEdit::textChanged, this, [this, check](const QString& name) {
    // Until somebody says otherwise.
    if (!m_path->isModified())
      m_path->setText(name.isEmpty() ? QString{} : QDir::home().filePath(name + QStringLiteral(".key")));
    check();
  });
  connect(m_path, &QLineEdit::textChanged, this, check);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  check();
}

QStringList KeyDialog::topologies() const {
  QStringList names;
  for (const auto& name : m_topologies->text().split(QLatin1Char(','), Qt::SkipEmptyParts)) names << name.trimmed();
  return names;
}

void KeyDialog::browse() {
  const auto path = QFileDialog::getSaveFileName(this, tr("The key's file"), m_path->text(), tr("Keys (*.key)"));
  if (path.isEmpty()) return;
  m_path->setText(path);
  m_path->setModified(true);
}

}  // namespace millrace::workbench
