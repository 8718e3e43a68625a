#include "panels/param_editor.hpp"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QLineEdit>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "core/param_text.hpp"
#include "core/text.hpp"

namespace millrace::workbench {

ParamEditor::ParamEditor(const ParamInfo& param, QWidget* parent)
    : QWidget{parent}, m_param{param}, m_message{new QLabel{this}} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(2);
  m_editor = param.type == ParamInfo::Type::Flag ? makeFlag()
             : !param.choices.empty()            ? makeChoice()
             : !param.suggestions.empty()        ? makeSuggestions()
                                                 : makeField();
  m_editor->setAccessibleName(toQt(param.name));
  m_editor->setAccessibleDescription(toQt(param.help));
  m_editor->setToolTip(toQt(param.help) + QLatin1Char('\n') + allowedText(param));
  m_editor->installEventFilter(this);
  m_message->setWordWrap(true);
  m_message->hide();
  layout->addWidget(m_editor);
  layout->addWidget(m_message);
  setFocusProxy(m_editor);
}

QWidget* ParamEditor::makeFlag() {
  auto* box = new QCheckBox{this};
  m_show = [this, box](const std::optional<param_value>& value) {
    const auto* flag = std::get_if<bool>(value ? &*value : &m_param.initial);
    const QSignalBlocker quiet{box};
    box->setChecked(flag != nullptr && *flag);
  };
  connect(box, &QCheckBox::toggled, this, [this](bool isOn) { Q_EMIT edited(param_value{isOn}); });
  return box;
}

QWidget* ParamEditor::makeChoice() {
  auto* box = new QComboBox{this};
  for (const auto& c : m_param.choices) box->addItem(toQt(c));
  m_show = [this, box](const std::optional<param_value>& value) {
    const QSignalBlocker quiet{box};
    box->setCurrentText(valueText(value.value_or(m_param.initial)));
  };
  connect(box, &QComboBox::textActivated, this, &ParamEditor::commit);
  return box;
}

/// A field with a list of what fits.
QWidget* ParamEditor::makeSuggestions() {
  auto* box = new QComboBox{this};
  box->setEditable(true);
  box->setInsertPolicy(QComboBox::NoInsert);
  for (const auto& s : m_param.suggestions) box->addItem(toQt(s));
  auto* field = box->lineEdit();
  field->setPlaceholderText(m_param.required ? tr("required") : tr("none"));
  m_show = [box, field](const std::optional<param_value>& value) {
    const auto text = value ? valueText(*value) : QString{};
    const QSignalBlocker quiet{box};
    if (!field->isModified() && field->text() != text) box->setEditText(text);
  };
  connect(box, &QComboBox::textActivated, this, &ParamEditor::commit);
  connect(field, &QLineEdit::editingFinished, this, [this, field] {
    if (!field->isModified()) return;
    field->setModified(false);
    commit(field->text());
  });
  return box;
}

QWidget* ParamEditor::makeField() {
  auto* field = new QLineEdit{this};
  if (m_param.isSecret) field->setEchoMode(QLineEdit::Password);
  const auto initial = valueText(m_param.initial);
  field->setPlaceholderText(m_param.required ? tr("required") : initial.isEmpty() ? tr("none") : initial);
  m_show = [field](const std::optional<param_value>& value) {
    const auto text = value ? valueText(*value) : QString{};
    if (field->isModified() || field->text() == text) return;
    field->setText(text);
    field->setCursorPosition(0);
  };
  connect(field, &QLineEdit::editingFinished, this, [this, field] {
    if (!field->isModified()) return;
    commit(field->text());
    // What was refused stays as it was typed.
    field->setModified(m_isRefused);
  });
  return field;
}

void ParamEditor::commit(const QString& text) {
  const auto parsed = parseValue(m_param, text);
  m_isRefused = !parsed.has_value();
  if (m_isRefused) {
    say(toQt(parsed.error().message), Health::Critical);
    return;
  }
  m_message->hide();
  Q_EMIT edited(*parsed);
}

void ParamEditor::setValue(const std::optional<param_value>& value) {
  m_show(value);
}

void ParamEditor::setProblem(const Problem* problem) {
  if (m_isRefused) return;
  m_message->hide();
  if (problem != nullptr) say(problem->what, problem->level);
}

void ParamEditor::say(const QString& text, Health level) {
  auto colours = m_message->palette();
  colours.setColor(QPalette::WindowText, Theme::current().of(level));
  m_message->setPalette(colours);
  m_message->setText(text);
  m_message->show();
}

bool ParamEditor::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusIn) Q_EMIT entered();
  return QWidget::eventFilter(watched, event);
}

}  // namespace millrace::workbench
