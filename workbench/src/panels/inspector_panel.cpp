#include "panels/inspector_panel.hpp"

#include <QApplication>
#include <QComboBox>
#include <QPointer>
#include <QScrollBar>
#include <QVBoxLayout>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "core/topology_edits.hpp"

namespace millrace::workbench {

InspectorPanel::InspectorPanel(const ActorCatalogue& catalogue, QWidget* parent)
    : QScrollArea{parent}, m_catalogue{catalogue} {
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Inspector"));
}

/// What is being typed counts for what it was typed for.
void InspectorPanel::finishTyping() {
  auto* field = QApplication::focusWidget();
  if (field != nullptr && isAncestorOf(field)) field->clearFocus();
}

void InspectorPanel::setDocument(Document* document) {
  finishTyping();
  if (m_document != nullptr) m_document->disconnect(this);
  m_document = document;
  m_selection = {};
  if (document != nullptr) {
    connect(document, &Document::changed, this, [this](const Edit& edit, bool forward) {
      // A rename goes on showing the same actor.
      for (const auto& c : edit.changes) {
        const auto* a = std::get_if<ActorChange>(&c);
        if (a == nullptr || !a->before || !a->after || a->before->name == a->after->name) continue;
        std::ranges::replace(m_selection.actors, forward ? a->before->name : a->after->name,
                             forward ? a->after->name : a->before->name);
      }
      refreshValues();
    });
  }
  build();
}

void InspectorPanel::setSelection(const Selection& selection) {
  if (selection == m_selection) return;
  finishTyping();
  m_selection = selection;
  build();
}

void InspectorPanel::setProblems(const ProblemList& problems) {
  m_problems = problems;
  refreshValues();
}

const actor_spec* InspectorPanel::actor() const {
  return m_document == nullptr || m_selection.actors.size() != 1 ? nullptr
                                                                 : m_document->spec().find(m_selection.actors.front());
}

void InspectorPanel::rebuild() {
  const int scrolled = verticalScrollBar()->value();
  build();
  verticalScrollBar()->setValue(scrolled);
}

void InspectorPanel::build() {
  m_params.clear();
  m_refreshers.clear();
  m_health = nullptr;
  auto* body = new QWidget;
  auto* column = new QVBoxLayout{body};
  column->setContentsMargins(12, 8, 12, 12);
  m_form = new QFormLayout;
  m_form->setRowWrapPolicy(QFormLayout::DontWrapRows);
  m_form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_form->setVerticalSpacing(6);
  m_form->setLabelAlignment(Qt::AlignLeft);
  column->addLayout(m_form);
  m_help = new QLabel;
  m_help->setWordWrap(true);
  m_help->setForegroundRole(QPalette::PlaceholderText);
  column->addWidget(m_help);
  column->addStretch(1);
  if (const auto* a = actor()) {
    showActor(*a);
  } else if (m_selection.actors.empty() && m_selection.groups.size() == 1) {
    showGroup(m_selection.groups.front());
  } else if (m_selection.actors.empty() && m_selection.comments.size() == 1) {
    showComment(m_selection.comments.front());
  } else if (m_selection.actors.empty() && m_selection.streams.size() == 1) {
    showStream(m_selection.streams.front());
  } else if (m_selection.actors.size() > 1) {
    addTitle(tr("%1 actors").arg(m_selection.actors.size()), tr("select one to see its parameters"));
  } else if (m_document != nullptr) {
    showTopology();
  }
  m_undo.watch(*body);
  // A field of the one before may be telling of its change right now.
  if (auto* before = takeWidget()) before->deleteLater();
  setWidget(body);
  refreshValues();
}

void InspectorPanel::addTitle(const QString& title, const QString& detail) {
  auto* heading = new QLabel{title};
  heading->setFont(ownFont(15, true));
  m_form->addRow(heading);
  if (detail.isEmpty()) return;
  auto* words = new QLabel{detail};
  words->setWordWrap(true);
  words->setForegroundRole(QPalette::PlaceholderText);
  m_form->addRow(words);
}

void InspectorPanel::addHeading(const QString& text) {
  auto* heading = new QLabel{text};
  heading->setFont(ownFont(12, true));
  heading->setContentsMargins(0, 10, 0, 0);
  m_form->addRow(heading);
}

QLineEdit* InspectorPanel::addField(const QString& label, std::function<QString()> value,
                                    std::function<void(const QString&)> take) {
  auto* field = new QLineEdit;
  field->setAccessibleName(label);
  m_form->addRow(label, field);
  m_refreshers.push_back([field, value] {
    if (!field->isModified()) field->setText(value());
  });
  connect(field, &QLineEdit::editingFinished, this, [field, value, take = std::move(take)] {
    if (!field->isModified()) return;
    field->setModified(false);
    const QPointer<QLineEdit> alive{field};
    take(field->text());
    if (alive != nullptr) field->setText(value());
  });
  return field;
}

QWidget* InspectorPanel::addChoice(const QString& label, const QStringList& choices, std::function<QString()> value,
                                   std::function<void(const QString&)> take) {
  auto* box = new QComboBox;
  box->addItems(choices);
  box->setAccessibleName(label);
  m_form->addRow(label, box);
  m_refreshers.push_back([box, value = std::move(value)] { box->setCurrentText(value()); });
  connect(box, &QComboBox::textActivated, this, [take = std::move(take)](const QString& text) { take(text); });
  return box;
}

void InspectorPanel::showActor(const actor_spec& a) {
  const auto* type = m_catalogue.find(a.type);
  addTitle(type == nullptr ? toQt(a.type) : toQt(type->title),
           type == nullptr ? tr("this engine does not know the type %1: is a plugin missing?").arg(toQt(a.type))
                           : toQt(type->help));
  m_health = new QLabel;
  m_health->setWordWrap(true);
  m_health->setTextFormat(Qt::PlainText);
  m_health->setAccessibleName(tr("Health"));
  m_health->hide();
  m_form->addRow(m_health);
  addField(
      tr("Name"), [this] { return actor() == nullptr ? QString{} : toQt(actor()->name); },
      [this](const QString& text) { takeEdit(renaming(*m_document, m_selection.actors.front(), toStd(text))); });
  if (type == nullptr || type->kind != ActorKind::Router) {
    addField(
        tr("Partitions"), [this] { return actor() == nullptr ? QString{} : QString::number(actor()->parallelism); },
        [this](const QString& text) {
          if (const auto count = text.toUInt(); count > 0) {
            m_document->push(parallelismChange(*m_document, m_selection.actors.front(), count));
          } else {
            Q_EMIT hint(tr("partitions are a whole number from 1 on"));
          }
        });
  }
  if (type != nullptr) addParams(a, *type);
  addPolicy();
}

void InspectorPanel::setFigures(const RunFigures* run) {
  if (m_health == nullptr || actor() == nullptr) return;
  const auto f =
      run == nullptr ? std::map<std::string, ActorFigures>::const_iterator{} : run->actors.find(actor()->name);
  const auto text = run == nullptr || f == run->actors.end() ? QString{} : healthText(f->second);
  if (text == m_health->text()) return;
  m_health->setText(text);
  m_health->setVisible(!text.isEmpty());
}

void InspectorPanel::addParams(const actor_spec& a, const ActorType& type) {
  if (type.params.empty()) return;
  addHeading(tr("Parameters"));
  // Required ones first, then those that are set, then the rest: what matters stands on top.
  auto params = type.params;
  std::ranges::stable_sort(params, {}, [&](const ParamInfo& p) {
    return p.required ? 0 : a.params.contains(p.name) ? 1 : 2;
  });
  for (const auto& p : params) {
    auto* editor = new ParamEditor{p};
    auto label = toQt(p.name);
    if (!p.unit.empty() && p.unit != p.name) label += QStringLiteral(" (%1)").arg(toQt(p.unit));
    m_form->addRow(label, editor);
    m_params.push_back(editor);
    connect(editor, &ParamEditor::edited, this, [this, name = p.name](const std::optional<param_value>& value) {
      if (actor() != nullptr) m_document->push(parameterChange(*m_document, actor()->name, name, value));
    });
    connect(editor, &ParamEditor::entered, this, [this, help = toQt(p.help)] { m_help->setText(help); });
  }
}

void InspectorPanel::refreshValues() {
  for (const auto& refresh : m_refreshers) refresh();
  const auto* present = actor();
  if (present == nullptr) return;
  const auto* type = m_catalogue.find(present->type);
  for (auto* editor : m_params) {
    m_form->setRowVisible(editor, type == nullptr || type->shows(editor->param(), present->params));
    const auto at = present->params.find(editor->param().name);
    editor->setValue(at == present->params.end() ? std::nullopt : std::optional{at->second});
    const auto isOwn = [&](const Problem& p) { return p.actor == present->name && p.item == editor->param().name; };
    const auto problem = std::ranges::find_if(m_problems, isOwn);
    editor->setProblem(problem == m_problems.end() ? nullptr : &*problem);
  }
}

void InspectorPanel::takeEdit(result<Edit> edit) {
  if (edit) {
    m_document->push(*std::move(edit));
  } else {
    Q_EMIT hint(toQt(edit.error().message));
  }
}

void InspectorPanel::focusFirst() {
  for (int row = 0; row < m_form->rowCount(); ++row) {
    const auto* item = m_form->itemAt(row, QFormLayout::FieldRole);
    if (item == nullptr) item = m_form->itemAt(row, QFormLayout::SpanningRole);
    auto* field = item == nullptr ? nullptr : item->widget();
    if (field == nullptr || !(field->focusPolicy() & Qt::TabFocus)) continue;
    field->setFocus(Qt::ShortcutFocusReason);
    if (auto* line = qobject_cast<QLineEdit*>(field)) line->selectAll();
    return;
  }
}

void InspectorPanel::focusParam(const std::string& param) {
  for (auto* editor : m_params) {
    if (editor->param().name != param) continue;
    editor->setFocus();
    ensureWidgetVisible(editor);
  }
}

}  // namespace millrace::workbench
