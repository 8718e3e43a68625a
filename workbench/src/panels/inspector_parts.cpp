// What the inspector shows when no actor is selected: wires, groups, comments, and the topology itself.

#include <QCheckBox>
#include <QPlainTextEdit>

#include "core/layout_edits.hpp"
#include "core/text.hpp"
#include "millrace/duration.hpp"
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
  const auto* from = m_document->spec().find(stream.from_actor);
  const auto* type = from == nullptr ? nullptr : m_catalogue.find(from->type);
  const auto* port = type == nullptr ? nullptr : type->output(stream.from_port);
  if (port == nullptr) return;
  auto* fields = new QLabel{port->record ? toQt(to_text(*port->record)).replace(QLatin1Char(','), QStringLiteral(",\n"))
                                         : tr("known when the topology runs")};
  fields->setWordWrap(true);
  m_form->addRow(tr("Fields"), fields);
}

void InspectorPanel::showTopology() {
  addTitle(tr("Topology"), {});
  addField(
      tr("Name"), [this] { return toQt(m_document->spec().name); },
      [this](const QString& text) {
        if (!is_valid_name(toStd(text))) {
          Q_EMIT hint(tr("a name has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -"));
          return;
        }
        auto edit = m_document->edit();
        edit.rename(toStd(text));
        m_document->push(edit.take(tr("Rename topology")));
      });
  const auto changeSettings = [this](const std::function<void(topology_settings&)>& by) {
    auto edit = m_document->edit();
    auto settings = m_document->spec().settings;
    by(settings);
    edit.changeSettings(settings);
    m_document->push(edit.take(tr("Settings")));
  };
  addChoice(
      tr("Guarantee"),
      {QStringLiteral("exactly_once"), QStringLiteral("at_least_once"), QStringLiteral("at_most_once")},
      [this] { return QString::fromLatin1(to_string(m_document->spec().settings.promise)); },
      [changeSettings](const QString& text) {
        for (const auto g : {guarantee::exactly_once, guarantee::at_least_once, guarantee::at_most_once}) {
          if (text == QLatin1String(to_string(g))) changeSettings([g](topology_settings& s) { s.promise = g; });
        }
      });
  addField(
      tr("Snapshots every"), [this] { return toQt(to_text(m_document->spec().settings.snapshot_interval)); },
      [this, changeSettings](const QString& text) {
        const auto interval = parse_duration(toStd(text));
        if (interval) {
          changeSettings([&](topology_settings& s) { s.snapshot_interval = *interval; });
        } else {
          Q_EMIT hint(toQt(interval.error().message));
        }
      });
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
          [this, title](bool isOn) { m_document->push(collapsing(*m_document, title, isOn)); });
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
    if (!field->hasFocus() && field->toPlainText() != text) field->setPlainText(text);
  });
  field->done = [this, field, id] {
    if (m_document != nullptr) takeEdit(commentChange(*m_document, id, toStd(field->toPlainText())));
  };
}

}  // namespace millrace::workbench
