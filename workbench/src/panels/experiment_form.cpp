#include "panels/experiment_form.hpp"

#include <QApplication>
#include <QFocusEvent>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/experiment_json.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr int textHeight = 120;

/// Commits when the keyboard goes elsewhere.
class JsonEdit final : public QPlainTextEdit {
public:
  std::function<void()> done;

protected:
  void focusOutEvent(QFocusEvent* event) override {
    QPlainTextEdit::focusOutEvent(event);
    if (done) done();
  }
};

void colour(QLabel* label, Health level) {
  auto colours = label->palette();
  colours.setColor(QPalette::WindowText, Theme::current().of(level));
  label->setPalette(colours);
}

QLabel* makeMessage() {
  auto* label = new QLabel;
  label->setWordWrap(true);
  label->hide();
  return label;
}

}  // namespace

ExperimentForm::ExperimentForm(QWidget* parent) : QScrollArea{parent} {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::NoFocus);
}

void ExperimentForm::setDocument(ExperimentDocument* document) {
  if (m_document != nullptr) disconnect(m_document, nullptr, this, nullptr);
  m_document = document;
  m_problems.clear();
  m_row = {};
  rebuild();
  if (document != nullptr) connect(document, &ExperimentDocument::changed, this, &ExperimentForm::refresh);
}

void ExperimentForm::setRow(ExperimentRow row) {
  if (row == m_row && m_form != nullptr) return;
  finishTyping();
  m_row = row;
  rebuild();
}

void ExperimentForm::setTopology(topology spec) {
  if (spec == m_spec) return;
  m_spec = std::move(spec);
  finishTyping();
  rebuild();
}

void ExperimentForm::setProblems(const std::vector<ExperimentProblem>& problems) {
  m_problems = problems;
  showProblems();
}

void ExperimentForm::finishTyping() {
  auto* focus = focusWidget();
  if (focus == nullptr || m_form == nullptr) return;
  // As leaving it by Tab.
  QFocusEvent left{QEvent::FocusOut, Qt::OtherFocusReason};
  QCoreApplication::sendEvent(focus, &left);
}

void ExperimentForm::focusFirst() {
  if (!m_entries.empty()) m_entries.front().editor->setFocus(Qt::TabFocusReason);
}

/// What the form consists of, whatever the values are.
std::vector<std::string> ExperimentForm::shape(const std::vector<ExperimentField>& fields) const {
  std::vector<std::string> out;
  for (const auto& f : fields) {
    auto s = f.label + "|" + f.pointer + "|" + f.info.help;
    for (const auto& t : f.info.suggestions) s += "|" + t;
    out.push_back(std::move(s));
  }
  return out;
}

void ExperimentForm::rebuild() {
  m_entries.clear();
  m_text = nullptr;
  auto* page = new QWidget;
  m_form = new QFormLayout{page};
  m_form->setContentsMargins(8, 4, 12, 8);
  m_form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_rest = makeMessage();
  m_form->addRow(m_rest);
  if (m_document != nullptr) {
    for (auto& field : fieldsOf(m_document->root(), m_row, m_spec)) {
      m_entries.push_back({std::move(field), nullptr});
      addEditor(m_entries.size() - 1);
    }
    addText();
  }
  // The old page may be what sent the signal that led here.
  if (auto* old = takeWidget()) old->deleteLater();
  setWidget(page);
  page->show();
  refresh();
}

void ExperimentForm::addEditor(std::size_t index) {
  auto& entry = m_entries[index];
  auto* editor = new ParamEditor{entry.field.info};
  entry.editor = editor;
  connect(editor, &ParamEditor::edited, this, [this, index, editor](const auto& value) {
    // One that is on its way out has nothing to say any more.
    if (index < m_entries.size() && m_entries[index].editor == editor) take(index, value);
  });
  connect(editor, &ParamEditor::entered, this, [this, editor] { Q_EMIT explained(toQt(editor->param().help)); });
  auto* label = new QLabel{toQt(entry.field.label)};
  label->setBuddy(editor);
  if (!entry.field.info.unit.empty())
    label->setText(QStringLiteral("%1 (%2)").arg(label->text(), toQt(entry.field.info.unit)));
  m_form->addRow(label, editor);
}

void ExperimentForm::addText() {
  auto* field = new JsonEdit;
  m_text = field;
  field->setAccessibleName(tr("All of it as JSON"));
  field->setTabChangesFocus(true);
  field->setFixedHeight(textHeight);
  field->setLineWrapMode(QPlainTextEdit::NoWrap);
  field->done = [this] { takeText(); };
  m_textProblem = makeMessage();
  auto* label = new QLabel{tr("As &JSON")};
  label->setBuddy(field);
  auto* both = new QWidget;
  auto* column = new QVBoxLayout{both};
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(field);
  column->addWidget(m_textProblem);
  m_form->addRow(label, both);
}

void ExperimentForm::refresh() {
  if (m_document == nullptr) return;
  const auto fields = fieldsOf(m_document->root(), m_row, m_spec);
  std::vector<ExperimentField> present;
  for (const auto& e : m_entries) present.push_back(e.field);
  if (shape(fields) != shape(present)) {
    // Another kind of fault has other parameters. Whoever edits it stays at its place.
    const auto* focus = QApplication::focusWidget();
    const auto at = std::ranges::find_if(
        m_entries, [&](const Entry& e) { return focus != nullptr && e.editor->isAncestorOf(focus); });
    const auto label = at == m_entries.end() ? std::string{} : at->field.label;
    rebuild();
    for (auto& e : m_entries) {
      if (!label.empty() && e.field.label == label) e.editor->setFocus(Qt::OtherFocusReason);
    }
    return;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    m_entries[i].field = fields[i];
    m_entries[i].editor->setValue(fields[i].value);
  }
  if (m_text != nullptr && !m_text->document()->isModified()) {
    const auto pointer = pointerOf(m_document->root(), m_row);
    m_text->setPlainText(toQt(valueAt(m_document->root(), pointer).dump(2)));
    m_text->document()->setModified(false);
    m_textProblem->hide();
  }
  showProblems();
}

void ExperimentForm::store(const QString& title, nlohmann::ordered_json value) {
  const auto& root = m_document->root();
  const auto pointer = m_row.section == ExperimentSection::Configuration ? "/configuration" : pointerOf(root, m_row);
  storeAt(title, pointer, std::move(value));
}

void ExperimentForm::storeAt(const QString& title, const std::string& pointer, nlohmann::ordered_json value) {
  if (m_row.section == ExperimentSection::Judgement && m_document->find(pointer) == nullptr) {
    m_document->insert(title, "/extensions", SIZE_MAX, std::move(value));
  } else {
    m_document->set(title, pointer, std::move(value));
  }
}

void ExperimentForm::take(std::size_t index, const std::optional<param_value>& value) {
  const auto field = m_entries[index].field;  // what follows may make the form anew
  auto row = editedValue(m_document->root(), m_row);
  const auto wrong = field.put(row, value);
  if (!wrong.empty()) {
    const Problem problem{Health::Critical, {}, toQt(wrong), {}, {}, {}};
    m_entries[index].editor->setProblem(&problem);
    return;
  }
  auto name = toQt(field.label);
  store(tr("%1 of %2").arg(name.remove(QLatin1Char('&')), titleOf(m_document->root(), m_row)), std::move(row));
}

void ExperimentForm::takeText() {
  if (m_document == nullptr || m_text == nullptr || !m_text->document()->isModified()) return;
  try {
    auto value = nlohmann::ordered_json::parse(toStd(m_text->toPlainText()));
    if (m_row.section == ExperimentSection::About && !value.is_object()) {
      sayOfText(tr("an experiment is an object"));
      return;
    }
    m_text->document()->setModified(false);
    m_textProblem->hide();
    const auto& root = m_document->root();
    storeAt(tr("JSON of %1").arg(titleOf(root, m_row)), pointerOf(root, m_row), std::move(value));
  } catch (const nlohmann::json::exception& e) {
    sayOfText(QString::fromUtf8(e.what()));
  }
}

void ExperimentForm::sayOfText(const QString& wrong) {
  colour(m_textProblem, Health::Critical);
  m_textProblem->setText(wrong);
  m_textProblem->show();
}

void ExperimentForm::showProblems() {
  if (m_document == nullptr) return;
  const auto& root = m_document->root();
  const auto base =
      m_row.section == ExperimentSection::Configuration ? std::string{"/configuration"} : pointerOf(root, m_row);
  std::vector<const ExperimentProblem*> mine;
  for (const auto& p : m_problems) {
    if (rowOf(root, p.pointer) == m_row) mine.push_back(&p);
  }
  m_rest->hide();
  for (auto& e : m_entries) e.editor->setProblem(nullptr);
  for (const auto* p : mine) {
    const auto isOf = [&](const Entry& e) {
      const auto place = base + e.field.pointer;
      return p->pointer == place || p->pointer.starts_with(place + "/");
    };
    const auto at = std::ranges::find_if(m_entries, isOf);
    if (at != m_entries.end()) {
      const Problem problem{Health::Critical, {}, p->what, {}, {}, {}};
      at->editor->setProblem(&problem);
      bringIntoView(at->editor);
    } else {
      colour(m_rest, Health::Critical);
      m_rest->setText(p->what);
      m_rest->show();
    }
  }
}

/// Unless somebody is at work in the form.
void ExperimentForm::bringIntoView(QWidget* editor) {
  const auto* focus = QApplication::focusWidget();
  if (focus != nullptr && isAncestorOf(focus)) return;
  // Its place is known when the form has been laid out; by then it may be another one.
  QTimer::singleShot(0, editor, [this, editor] {
    if (widget() != nullptr && widget()->isAncestorOf(editor)) ensureWidgetVisible(editor);
  });
}

}  // namespace millrace::workbench
