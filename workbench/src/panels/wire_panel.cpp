#include "panels/wire_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "core/figures.hpp"
#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds readInterval{250};
constexpr int samplesPerS = 20;
/// Of a breakpoint's lease: it goes soon after a workbench that was killed.
constexpr int leaseMs = 10'000;
/// Two may be missed.
constexpr std::chrono::milliseconds renewInterval{leaseMs / 4};

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
      m_set{new QPushButton},
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
  auto* stepOne = new QPushButton{tr("&Step")};
  auto* goOn = new QPushButton{tr("&Continue")};
  for (auto* w : std::initializer_list<QWidget*>{m_title, m_look, m_filter, m_hold, m_when, m_set, stepOne, goOn}) {
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
  connect(m_when, &QLineEdit::textChanged, this, &WirePanel::showSetter);
  connect(m_set, &QPushButton::clicked, this, &WirePanel::setBreakpoint);
  connect(stepOne, &QPushButton::clicked, this, [this] { step(false); });
  connect(goOn, &QPushButton::clicked, this, [this] { step(true); });
  connect(&m_tick, &QTimer::timeout, this, &WirePanel::tick);
  m_tick.setInterval(readInterval);
  connect(&m_renew, &QTimer::timeout, this, &WirePanel::renew);
  m_renew.setInterval(renewInterval);
  setWire({}, std::nullopt);
}

void WirePanel::setWire(const std::string& topology, const std::optional<stream_spec>& wire) {
  if (topology == m_topology && wire == m_wire && !topology.empty()) return;
  const bool isLooking = m_look->isChecked();
  close();
  if (topology != m_topology) setState({});
  m_topology = topology;
  m_wire = wire;
  // Those that were set before a change of tabs are shown again.
  if (hasBreaks()) m_tick.start();
  if (const auto* present = wire ? m_state.on(*wire) : nullptr) m_when->setText(present->when);
  showSetter();
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
  } else if (!m_tail && m_wire && !m_topology.empty() && isVisible()) {
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

void WirePanel::forget() {
  m_tail.reset();
  m_isReading = false;
  m_breaks.clear();
  m_listing.clear();
  setState({});
}

void WirePanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (isLooking()) setLooking(true);
}

void WirePanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  close();
}

bool WirePanel::hasBreaks() const {
  return std::ranges::any_of(m_breaks, [this](const Break& b) { return b.topology == m_topology; });
}

bool WirePanel::isSet() const {
  const auto* present = m_wire ? m_state.on(*m_wire) : nullptr;
  return present != nullptr && present->when == m_when->text();
}

void WirePanel::showSetter() {
  m_set->setText(isSet() ? tr("Clear &breakpoint") : tr("Set &breakpoint"));
}

void WirePanel::setBreakpoint() {
  if (m_topology.empty()) {
    m_message->setText(tr("it does not run — press F5"));
  } else if (!m_wire) {
    m_message->setText(tr("select the wire that tasks are to stand at"));
  } else {
    setBreakpointOn(*m_wire, isSet() ? std::nullopt : std::optional{m_when->text()});
  }
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
  if (m_topology.empty()) {
    m_message->setText(tr("it does not run — press F5"));
    return;
  }
  ask(isToNextHit ? "break_continue" : "break_step", json::object(), tr("Step"));
}

void WirePanel::tick() {
  if (m_tail && m_isReachable && !std::exchange(m_isReading, true)) {
    ask("tail_read", {{"tail", *m_tail}}, tr("Records"));
  }
  if (hasBreaks()) listBreaks();
  if (!m_tail && !hasBreaks()) m_tick.stop();
}

void WirePanel::listBreaks() {
  if (m_isReachable && m_listing.insert(m_topology).second) ask("break_list", json::object(), tr("Breakpoints"));
}

/// One question at a time for each: an engine that is slow is not asked more.
void WirePanel::renew() {
  if (m_breaks.empty()) m_renew.stop();
  if (!m_isReachable) return;
  for (auto& b : m_breaks) {
    if (std::exchange(b.isRenewing, true)) continue;
    Q_EMIT wanted("break_renew", {{"topology", b.topology}, {"id", b.id}}, tr("Breakpoint"));
  }
}

void WirePanel::take(const Command& command) {
  if (command.verb.starts_with("break_")) takeBreakAnswer(command);
  if (command.verb.starts_with("tail_") && toStd(textOf(command.args, "topology")) == m_topology) {
    takeTailAnswer(command);
  }
}

void WirePanel::takeTailAnswer(const Command& command) {
  const bool isDone = command.state == Command::State::Done;
  if (command.verb == "tail_close") return;
  if (command.verb == "tail_open" && isDone) {
    beginTail(command);
    return;
  }
  if (command.verb == "tail_read") {
    // Of a wire before.
    if (!m_tail || countOf(command.args, "tail") != *m_tail) return;
    m_isReading = false;
    if (isDone) addSamples(command.answer);
  }
  if (isDone) return;
  m_tail.reset();
  m_message->setText(command.message);
  const QSignalBlocker quiet{m_look};
  m_look->setChecked(false);
}

/// Also of topologies that are not in front.
void WirePanel::takeBreakAnswer(const Command& command) {
  const auto topology = toStd(textOf(command.args, "topology"));
  const auto own = std::ranges::find_if(
      m_breaks, [&](const Break& b) { return b.topology == topology && b.id == countOf(command.args, "id"); });
  const bool isDone = command.state == Command::State::Done;
  if (command.verb == "break_list") m_listing.erase(topology);
  if (command.verb == "break_renew") {
    if (own == m_breaks.end()) return;
    own->isRenewing = false;
    // The engine has it no more; what was not sent to one that is lost says nothing of it.
    if (command.state == Command::State::Failed && m_isReachable) m_breaks.erase(own);
    return;
  }
  if (isDone && command.verb == "break_set") {
    m_breaks.push_back({topology, countOf(command.answer, "id")});
    m_renew.start();
  }
  if (isDone && command.verb == "break_clear" && own != m_breaks.end()) m_breaks.erase(own);
  if (topology != m_topology) return;
  if (!isDone) m_message->setText(command.message);
  // What is left, also when nothing is renewed any more.
  if (isDone && command.verb == "break_clear") listBreaks();
  if (isDone && command.verb == "break_list") showBreaks(command.answer);
  if (hasBreaks()) m_tick.start();
}

void WirePanel::beginTail(const Command& command) {
  const auto tail = countOf(command.answer, "tail");
  if (m_wire && isLooking() && isVisible() && !m_tail && toStd(textOf(command.args, "channel")) == channelOf(*m_wire)) {
    m_tail = tail;
    m_tick.start();
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
  if (m_state.standing.empty()) m_message->setText(breakpointsText());
}

QString WirePanel::breakpointsText() const {
  if (m_state.breakpoints.empty()) return tr("no breakpoint is set");
  return tr("%1 set, nothing stands")
      .arg(numberText(static_cast<double>(m_state.breakpoints.size()), QStringLiteral("breakpoint")));
}

void WirePanel::setState(BreakState state) {
  if (state == m_state) return;
  m_state = std::move(state);
  showSetter();
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
