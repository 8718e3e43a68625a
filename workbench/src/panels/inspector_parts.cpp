// What the inspector shows when no actor is selected: wires, groups, comments, and the topology itself.

#include <QCheckBox>
#include <QPlainTextEdit>

#include "core/layout_edits.hpp"
#include "core/setting_fields.hpp"
#include "core/text.hpp"
#include "panels/inspector_panel.hpp"

namespace millrace::workbench {
namespace {

constexpr int commentHeight = 160;

/// Says when the keyboard leaves it: a text of several lines has no Enter that could.
class CommentEdit final : public QPlainTextEdit {
public:
  using QPlainTextEdit::QPlainTextEdit;
  std::function<void()> done;

protected:
  void focusOutEvent(QFocusEvent* event) override {
    QPlainTextEdit::focusOutEvent(event);
    done();
  }
};

}  // namespace

void InspectorPanel::showStream(const stream_spec& stream) {
  addTitle(tr("Wire"), {});
  m_form->addRow(tr("From"), new QLabel{toQt(stream.from_actor + "." + stream.from_port)});
  m_form->addRow(tr("To"), new QLabel{toQt(stream.to_actor + "." + stream.to_port)});
  auto* fields = new QLabel;
  fields->setWordWrap(true);
  m_form->addRow(tr("Fields"), fields);
  m_refreshers.emplace_back([this, fields, stream] {
    // What was found stands until the next is: an edit makes no text jump.
    if (!m_document->records() && !fields->text().isEmpty()) return;
    const auto record = recordOf(m_document->spec(), m_catalogue, m_document->records(), stream);
    fields->setText(record ? toQt(to_text(*record)).replace(QLatin1Char(','), QStringLiteral(",\n"))
                           : tr("known when the topology is without errors up to here"));
  });
}

void InspectorPanel::showTopology() {
  addTitle(tr("Topology"), {});
  for (const auto& field : settingFields()) {
    const auto value = [this, &field] { return field.text(m_document->spec()); };
    const auto take = [this, &field](const QString& text) {
      auto changed = m_document->spec();
      if (auto ok = field.take(changed, text); !ok) {
        Q_EMIT hint(toQt(ok.error().message));
        return;
      }
      auto edit = m_document->edit();
      edit.rename(changed.name);
      edit.changeSettings(changed.settings);
      m_document->push(edit.take(field.label));
    };
    QWidget* editor = field.choices.isEmpty() ? addField(field.label, value, take)
                                              : addChoice(field.label, field.choices, value, take);
    editor->setToolTip(field.help);
  }
}

void InspectorPanel::showGroup(const std::string& title) {
  addTitle(tr("Group"), tr("kept beside the topology, in its layout"));
  addField(
      tr("Title"), [title] { return toQt(title); },
      [this, title](const QString& text) {
        auto edit = groupRenaming(*m_document, title, toStd(text));
        const bool isFine = edit.has_value();
        takeEdit(std::move(edit));
        if (isFine) Q_EMIT groupRenamed(toStd(text));
      });
  const auto present = [this, title]() -> NodeGroup {
    const auto at = m_document->layout().groups.find(title);
    return at == m_document->layout().groups.end() ? NodeGroup{} : at->second;
  };
  addField(
      tr("Actors"),
      [present] {
        QStringList names;
        for (const auto& actor : present().actors) names << toQt(actor);
        return names.join(QStringLiteral(", "));
      },
      [this, title](const QString& text) {
        std::vector<std::string> actors;
        for (const auto& name : text.split(QLatin1Char(','), Qt::SkipEmptyParts))
          actors.push_back(toStd(name.trimmed()));
        takeEdit(groupMembers(*m_document, title, actors));
      });
  auto* box = new QCheckBox{tr("collapsed to one box")};
  m_form->addRow(box);
  m_refreshers.push_back([box, present] {
    const QSignalBlocker quiet{box};
    box->setChecked(present().isCollapsed);
  });
  connect(box, &QCheckBox::toggled, this,
          [this, title](bool isOn) { m_document->push(collapsing(*m_document, {title}, isOn)); });
  addSupervisionOf(title);
}

void InspectorPanel::showComment(const std::string& id) {
  addTitle(tr("Comment"), tr("kept beside the topology, in its layout"));
  auto* field = new CommentEdit;
  field->setAccessibleName(tr("Text of the comment"));
  field->setPlaceholderText(tr("Write something"));
  field->setTabChangesFocus(true);
  field->setFixedHeight(commentHeight);
  m_form->addRow(field);
  m_refreshers.push_back([this, field, id] {
    const auto at = m_document->layout().comments.find(id);
    const auto text = at == m_document->layout().comments.end() ? QString{} : toQt(at->second.text);
    if (!field->document()->isModified() && field->toPlainText() != text) field->setPlainText(text);
  });
  field->done = [this, field, id] {
    if (m_document == nullptr || !field->document()->isModified()) return;
    field->document()->setModified(false);
    takeEdit(commentChange(*m_document, id, toStd(field->toPlainText())));
  };
}

}  // namespace millrace::workbench
