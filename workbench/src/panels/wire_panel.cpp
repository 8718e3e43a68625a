#include "panels/wire_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QVBoxLayout>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds readInterval{250};
constexpr int samplesPerS = 20;
/// Of a breakpoint's lease, which is renewed with every tick: it goes soon after a workbench that was killed.
constexpr int leaseMs = 10'000;

QString recordText(const json& sample) {
  const auto& record = memberOf(sample, "record");
  if (!record.is_object()) return {};
  QStringList fields;
  for (const auto& [name, value] : record.items()) {
    fields << toQt(name) + QStringLiteral("=") + toQt(value.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  return fields.join(QStringLiteral("  "));
}

}  // namespace

WirePanel::WirePanel(QWidget* parent)
    : QWidget{parent},
      m_title{new QLabel},
      m_filter{new QLineEdit},
      m_look{new QPushButton{tr("&Look")}},
      m_hold{new QPushButton{tr("&Hold still (Space)")}},
      m_when{new QLineEdit},
      m_list{new QTreeWidget},
      m_message{new QLabel} {
  auto* column = new QVBoxLayout{this};
  column->setContentsMargins(8, 4, 8, 4);
  auto* row = new QHBoxLayout;
  m_filter->setPlaceholderText(tr("filter: amount > 100"));
  m_filter->setAccessibleName(tr("Filter of what is shown"));
  m_when->setPlaceholderText(tr("stand before records for which: amount > 1000"));
  m_when->setAccessibleName(tr("Condition of the breakpoint"));
  m_look->setCheckable(true);
  m_hold->setCheckable(true);
  auto* set = new QPushButton{tr("Set &breakpoint")};
  auto* stepOne = new QPushButton{tr("&Step")};
  auto* goOn = new QPushButton{tr("&Continue")};
  for (auto* w : std::initializer_list<QWidget*>{m_title, m_look, m_filter, m_hold, m_when, set, stepOne, goOn}) {
    row->addWidget(w, w == m_filter || w == m_when ? 1 : 0);
  }
  m_list->setRootIsDecorated(false);
  m_list->setUniformRowHeights(true);
  m_list->setHeaderLabels({tr("Event time"), tr("From"), tr("To"), tr("Key"), tr("Record")});
  m_list->setColumnWidth(0, 190);
  m_list->setAccessibleName(tr("Records of the wire"));
  m_list->installEventFilter(this);
  m_message->setForegroundRole(QPalette::PlaceholderText);
  column->addLayout(row);
  column->addWidget(m_list, 1);
  column->addWidget(m_message);
  connect(m_look, &QPushButton::toggled, this, &WirePanel::setLooking);
  connect(m_filter, &QLineEdit::returnPressed, this, [this] {
    close();
    setLooking(true);
  });
  connect(m_when, &QLineEdit::returnPressed, this, &WirePanel::setBreakpoint);
  connect(set, &QPushButton::clicked, this, &WirePanel::setBreakpoint);
  connect(stepOne, &QPushButton::clicked, this, [this] { step(false); });
  connect(goOn, &QPushButton::clicked, this, [this] { step(true); });
  connect(&m_tick, &QTimer::timeout, this, &WirePanel::tick);
  m_tick.setInterval(readInterval);
  setWire({}, std::nullopt);
}

void WirePanel::setWire(const std::string& topology, const std::optional<stream_spec>& wire) {
  if (topology == m_topology && wire == m_wire && !topology.empty()) return;
  const bool isLooking = m_look->isChecked();
  close();
  if (topology != m_topology) {
    m_breaks.clear();
    setState({});
  }
  m_topology = topology;
  m_wire = wire;
  m_list->clear();
  m_look->setEnabled(wire.has_value() && !topology.empty());
  m_title->setText(wire ? toQt(wire->from_actor + " → " + wire->to_actor) : tr("no wire"));
  m_message->setText(topology.empty() ? tr("it does not run — press F5")
                     : wire           ? QString{}
                                      : tr("select a wire: what goes over it is shown here"));
  if (isLooking && m_look->isEnabled()) setLooking(true);
}

void WirePanel::setTopology(const std::string& topology) {
  if (topology != m_topology || topology.empty()) setWire(topology, std::nullopt);
}

void WirePanel::ask(const char* verb, json args, const QString& title) {
  args["topology"] = m_topology;
  Q_EMIT wanted(verb, args, title);
}

void WirePanel::setLooking(bool isLooking) {
  const QSignalBlocker quiet{m_look};
  m_look->setChecked(isLooking);
  if (!isLooking) {
    close();
  } else if (!m_tail && m_wire && !m_topology.empty()) {
    json args{{"channel", channelOf(*m_wire)}, {"rate", samplesPerS}};
    if (!m_filter->text().isEmpty()) args["filter"] = toStd(m_filter->text());
    ask("tail_open", std::move(args), tr("Look at %1").arg(m_title->text()));
  }
}

void WirePanel::setHeld(bool isHeld) {
  m_hold->setChecked(isHeld);
}

void WirePanel::close() {
  if (m_tail) ask("tail_close", {{"tail", *m_tail}}, tr("Look no more"));
  m_tail.reset();
  m_isReading = false;
}

void WirePanel::setBreakpoint() {
  if (!m_wire || m_topology.empty()) {
    m_message->setText(tr("select the wire that tasks are to stand at"));
    return;
  }
  setBreakpointOn(*m_wire, m_when->text());
}

void WirePanel::setBreakpointOn(const stream_spec& wire, const std::optional<QString>& when) {
  if (m_topology.empty()) return;
  const auto words = toQt(wire.from_actor + " → " + wire.to_actor);
  if (const auto* present = m_state.on(wire)) {
    ask("break_clear", {{"id", present->id}}, tr("No breakpoint on %1 any more").arg(words));
  }
  if (!when) return;
  json args{{"channel", channelOf(wire)}, {"lease_ms", leaseMs}};
  if (!when->isEmpty()) args["when"] = toStd(*when);
  ask("break_set", std::move(args), tr("Breakpoint on %1").arg(words));
}

void WirePanel::step(bool isToNextHit) {
  if (!m_topology.empty()) ask(isToNextHit ? "break_continue" : "break_step", json::object(), tr("Step"));
}

void WirePanel::tick() {
  if (m_tail && !m_isReading) {
    m_isReading = true;
    ask("tail_read", {{"tail", *m_tail}}, tr("Records"));
  }
  for (const auto id : m_breaks) ask("break_renew", {{"id", id}}, tr("Breakpoint"));
  if (!m_breaks.empty() && !m_isListing) {
    m_isListing = true;
    ask("break_list", json::object(), tr("Breakpoints"));
  }
  if (!m_tail && m_breaks.empty()) m_tick.stop();
}

void WirePanel::take(const Command& command) {
  const bool isTail = command.verb.starts_with("tail_");
  if ((!isTail && !command.verb.starts_with("break_")) || toStd(textOf(command.args, "topology")) != m_topology) return;
  if (command.verb == "tail_read") m_isReading = false;
  if (command.verb == "break_list") m_isListing = false;
  if (command.state != Command::State::Done) {
    if (command.verb == "break_renew") std::erase(m_breaks, countOf(command.args, "id"));
    if (command.verb == "tail_read") m_tail.reset();
    if (command.verb != "tail_close" && command.verb != "break_renew") m_message->setText(command.message);
    if (isTail && !m_tail) {
      const QSignalBlocker quiet{m_look};
      m_look->setChecked(false);
    }
    return;
  }
  if (command.verb == "tail_open") takeTail(command);
  if (command.verb == "tail_read") addSamples(command.answer);
  if (command.verb == "break_set") m_breaks.push_back(countOf(command.answer, "id"));
  if (command.verb == "break_clear") {
    std::erase(m_breaks, countOf(command.args, "id"));
    // What is left, also when nothing is renewed any more.
    ask("break_list", json::object(), tr("Breakpoints"));
  }
  if (command.verb == "break_list") showBreaks(command.answer);
  if (m_tail || !m_breaks.empty()) m_tick.start();
}

void WirePanel::takeTail(const Command& command) {
  const auto tail = countOf(command.answer, "tail");
  if (m_wire && m_look->isChecked() && !m_tail && toStd(textOf(command.args, "channel")) == channelOf(*m_wire)) {
    m_tail = tail;
    return;
  }
  // Another wire is looked at by now, or none.
  ask("tail_close", {{"tail", tail}}, tr("Look no more"));
}

void WirePanel::addSamples(const json& answer) {
  if (isHeld()) return;
  for (const auto& sample : listOf(answer, "samples")) {
    if (!sample.is_object()) continue;
    auto* item = new QTreeWidgetItem{{anyTextOf(memberOf(sample, "event_time")), anyTextOf(memberOf(sample, "from")),
                                      anyTextOf(memberOf(sample, "to")), anyTextOf(memberOf(sample, "key")),
                                      recordText(sample)}};
    m_list->insertTopLevelItem(0, item);
  }
  while (m_list->topLevelItemCount() > rowsMax) delete m_list->takeTopLevelItem(rowsMax);
  m_message->setText(tr("%1 of %2 events that went by were looked at")
                         .arg(countOf(answer, "examined"))
                         .arg(countOf(answer, "passed")));
}

void WirePanel::showBreaks(const json& answer) {
  for (const auto& stop : listOf(answer, "stopped")) {
    if (!stop.is_object()) continue;
    m_message->setText(tr("%1 stands before %2 — F10 steps, F8 goes on").arg(textOf(stop, "task"), recordText(stop)));
  }
  setState(readBreaks(answer));
  if (m_state.standing.empty())
    m_message->setText(tr("%n breakpoint(s), nothing stands", nullptr, static_cast<int>(m_state.breakpoints.size())));
}

void WirePanel::setState(BreakState state) {
  if (state == m_state) return;
  m_state = std::move(state);
  Q_EMIT breaksChanged(m_state);
}

bool WirePanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space) {
    setHeld(!isHeld());
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace millrace::workbench
