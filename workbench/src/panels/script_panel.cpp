#include "panels/script_panel.hpp"

#include <QFileDialog>
#include <QSplitter>
#include <QStackedLayout>
#include <QVBoxLayout>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "core/topology_edits.hpp"

namespace millrace::workbench {
namespace {

/// Of a file of sample events: more than anybody tries.
constexpr qint64 sampleBytesMax = 256 * 1024;

}  // namespace

ScriptPanel::ScriptPanel(const ActorCatalogue& catalogue, QWidget* parent)
    : QWidget{parent},
      m_catalogue{catalogue},
      m_title{new QLabel},
      m_editor{new LuaEditor},
      m_message{new QLabel},
      m_body{new QWidget},
      m_empty{new QLabel{tr("Select an actor that takes Lua: Script, Flat map, Map or Filter by expression")}} {
  auto* stack = new QStackedLayout{this};
  m_empty->setAlignment(Qt::AlignCenter);
  m_empty->setForegroundRole(QPalette::PlaceholderText);
  stack->addWidget(m_empty);
  stack->addWidget(m_body);
  auto* writing = new QWidget;
  auto* column = new QVBoxLayout{writing};
  column->setContentsMargins(8, 4, 4, 4);
  column->addWidget(m_title);
  column->addWidget(m_editor, 1);
  column->addWidget(m_message);
  m_message->setWordWrap(true);
  auto* halves = new QSplitter{Qt::Horizontal};
  halves->addWidget(writing);
  halves->addWidget(makeTrial());
  halves->setStretchFactor(0, 3);
  halves->setStretchFactor(1, 2);
  auto* whole = new QVBoxLayout{m_body};
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(halves);
  m_undo.watch(*writing);
  connect(m_editor, &LuaEditor::taken, this, &ScriptPanel::commit);
  connect(&m_trial, &ActorTrialRun::failed, this, [this](const QString& why) {
    m_results->setPlainText(why);
    m_try->setEnabled(true);
  });
  connect(&m_trial, &ActorTrialRun::finished, this, [this](const std::vector<TrialOutput>& outputs) {
    QStringList words;
    for (const auto& output : outputs) {
      if (output.lines.isEmpty() && outputs.size() > 1) continue;
      words << tr("%1: %2 events").arg(output.port).arg(output.lines.size()) << output.lines;
    }
    m_results->setPlainText(words.isEmpty() ? tr("nothing came out") : words.join(QLatin1Char('\n')));
    m_try->setEnabled(true);
  });
  refresh();
}

QWidget* ScriptPanel::makeTrial() {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout{side};
  column->setContentsMargins(4, 4, 8, 4);
  m_fields = new QLineEdit;
  m_fields->setPlaceholderText(tr("fields that arrive: account:string,amount:float64"));
  m_fields->setAccessibleName(tr("Fields of the sample events"));
  m_events = new QPlainTextEdit;
  m_events->setPlaceholderText(tr("sample events, one JSON object a line"));
  m_events->setAccessibleName(tr("Sample events"));
  m_events->setTabChangesFocus(true);
  m_results = new QPlainTextEdit;
  m_results->setReadOnly(true);
  m_results->setPlaceholderText(tr("what comes out"));
  m_results->setAccessibleName(tr("What came out"));
  m_try = new QPushButton{tr("&Try it")};
  auto* read = new QPushButton{tr("Events from a &file …")};
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(m_try);
  auto* live = new QPushButton{tr("Events from the &wire")};
  live->setToolTip(tr("A few of those that go to the actor now, while it runs"));
  buttons->addWidget(live);
  buttons->addWidget(read);
  buttons->addStretch(1);
  column->addWidget(m_fields);
  column->addWidget(m_events, 1);
  column->addLayout(buttons);
  column->addWidget(m_results, 1);
  connect(m_try, &QPushButton::clicked, this, &ScriptPanel::tryIt);
  connect(read, &QPushButton::clicked, this, &ScriptPanel::readEvents);
  connect(live, &QPushButton::clicked, this, [this] {
    tell(tr("looking at the wire …"));
    Q_EMIT samplesWanted(m_actor);
  });
  return side;
}

void ScriptPanel::setDocument(Document* document) {
  commit();
  if (m_document != nullptr) m_document->disconnect(this);
  m_document = document;
  m_actor.clear();
  m_param.clear();
  if (document != nullptr) connect(document, &Document::changed, this, &ScriptPanel::refresh);
  refresh();
}

void ScriptPanel::setActors(const std::vector<std::string>& actors) {
  const auto actor = actors.size() == 1 ? actors.front() : std::string{};
  if (actor == m_actor) return;
  commit();
  m_actor = actor;
  m_param.clear();
  const auto* spec = m_document == nullptr ? nullptr : m_document->spec().find(actor);
  const auto* type = spec == nullptr ? nullptr : m_catalogue.find(spec->type);
  if (type != nullptr) {
    const auto isLua = [type](const ParamInfo& p) { return luaLengthOf(type->id, p.name).has_value(); };
    if (const auto at = std::ranges::find_if(type->params, isLua); at != type->params.end()) m_param = at->name;
  }
  m_editor->document()->setModified(false);
  m_editor->setPlainText({});
  refresh();
  if (m_param.empty()) return;
  const auto fields = arrivingFields();
  if (!fields.empty()) setSample(toQt(fields), sampleEvent(fields));
}

/// What the actor before gives, as far as the catalogue knows it.
std::string ScriptPanel::arrivingFields() const {
  const auto& streams = m_document->spec().streams;
  auto actor = m_actor;
  // Topologies have no circles; files that were written elsewhere may.
  for (std::size_t i = 0; i <= streams.size(); ++i) {
    const auto before = std::ranges::find(streams, actor, &stream_spec::to_actor);
    if (before == streams.end()) return {};
    const auto* spec = m_document->spec().find(before->from_actor);
    const auto* type = spec == nullptr ? nullptr : m_catalogue.find(spec->type);
    const auto* port = type == nullptr ? nullptr : type->output(before->from_port);
    if (port != nullptr && port->record) return to_text(*port->record);
    // Routers pass on what they get.
    if (type == nullptr || type->kind != ActorKind::Router) return {};
    actor = before->from_actor;
  }
  return {};
}

void ScriptPanel::setSample(const QString& fields, const QString& events) {
  m_fields->setText(fields);
  m_events->setPlainText(events);
  m_results->clear();
}

void ScriptPanel::refresh() {
  const auto* spec = m_document == nullptr ? nullptr : m_document->spec().find(m_actor);
  auto* stack = static_cast<QStackedLayout*>(layout());
  const bool hasAny = spec != nullptr && !m_param.empty();
  stack->setCurrentWidget(hasAny ? m_body : static_cast<QWidget*>(m_empty));
  if (!hasAny) return;
  m_title->setText(tr("%1.%2 — Ctrl+Enter takes it").arg(toQt(m_actor), toQt(m_param)));
  const auto value = spec->params.find(m_param);
  const auto* text = value == spec->params.end() ? nullptr : std::get_if<std::string>(&value->second);
  const auto present = text == nullptr ? QString{} : toQt(*text);
  // What is being typed is not disturbed.
  if (!m_editor->document()->isModified() && m_editor->toPlainText() != present) {
    m_editor->setPlainText(present);
    m_editor->document()->setModified(false);
  }
  showProblem();
}

void ScriptPanel::commit() {
  if (m_document == nullptr || m_param.empty() || !m_editor->document()->isModified()) return;
  if (m_document->spec().find(m_actor) == nullptr) return;
  m_editor->document()->setModified(false);
  const auto text = toStd(m_editor->toPlainText());
  m_document->push(
      parameterChange(*m_document, m_actor, m_param, text.empty() ? std::nullopt : std::optional{param_value{text}}));
}

void ScriptPanel::setProblems(const ProblemList& problems) {
  m_problems = problems;
  showProblem();
}

void ScriptPanel::repaintAll() {
  m_editor->repaintAll();
  showProblem();
}

void ScriptPanel::showProblem() {
  const auto isOwn = [this](const Problem& p) {
    return p.actor == m_actor && (p.item == m_param || p.what.contains(QLatin1Char('\'') + toQt(m_param)));
  };
  const auto own = std::ranges::find_if(m_problems, isOwn);
  const auto what = own == m_problems.end() ? QString{} : own->what;
  m_editor->setProblem(placeIn(what), what);
  auto colours = m_message->palette();
  colours.setColor(QPalette::WindowText, Theme::current().of(Health::Critical));
  m_message->setPalette(colours);
  m_message->setText(what);
  m_message->setVisible(!what.isEmpty());
}

void ScriptPanel::readEvents() {
  const auto path =
      QFileDialog::getOpenFileName(this, tr("Sample events"), {}, tr("JSON lines (*.jsonl *.ndjson *.json)"));
  if (path.isEmpty()) return;
  QFile file{path};
  if (!file.open(QIODevice::ReadOnly)) {
    m_results->setPlainText(tr("%1: %2").arg(path, file.errorString()));
    return;
  }
  auto bytes = file.read(sampleBytesMax);
  // A line that was cut is left out.
  if (!file.atEnd()) bytes.truncate(bytes.lastIndexOf('\n') + 1);
  m_events->setPlainText(QString::fromUtf8(bytes));
}

void ScriptPanel::tryIt() {
  commit();
  const auto* spec = m_document == nullptr ? nullptr : m_document->spec().find(m_actor);
  const auto* type = spec == nullptr ? nullptr : m_catalogue.find(spec->type);
  if (type == nullptr) return;
  if (m_fields->text().trimmed().isEmpty() || m_events->toPlainText().trimmed().isEmpty()) {
    m_results->setPlainText(tr("give names and types of the fields, and an event or more"));
    return;
  }
  m_try->setEnabled(false);
  m_results->setPlainText(tr("running …"));
  m_trial.start(*type, *spec, m_fields->text().trimmed(), m_events->toPlainText().toUtf8() + '\n');
}

}  // namespace millrace::workbench
