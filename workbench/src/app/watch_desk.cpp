#include "app/watch_desk.hpp"

#include "core/text.hpp"

namespace millrace::workbench {

WatchDesk::WatchDesk(EngineDesk& engine, QObject* parent)
    : QObject{parent}, m_engine{engine}, m_events{new NotesView{m_model}}, m_log{new RunLogPanel} {
  m_events->setAccessibleName(tr("Events"));
  connect(m_log, &RunLogPanel::wanted, this,
          [this](const std::string& verb, const nlohmann::json& args, const QString& title) {
            m_engine.session().request(verb, args, title);
          });
  connect(&m_engine.session(), &EngineSession::commandFinished, m_log, &RunLogPanel::take);
  connect(&m_engine, &EngineDesk::figuresShown, this, &WatchDesk::follow);
  connect(m_log, &RunLogPanel::chosen, this, &WatchDesk::choose);
  connect(m_events, &NotesView::chosen, this, &WatchDesk::choose);
}

void WatchDesk::setTab(DocumentTab* tab) {
  m_tab = tab;
  follow();
}

void WatchDesk::follow() {
  const auto* run = m_tab == nullptr ? nullptr : m_engine.figures();
  std::vector<std::string> actors;
  if (run != nullptr) {
    for (const auto& [name, figures] : run->actors) actors.push_back(name);
  }
  m_log->setTopology(run == nullptr ? std::string{} : m_tab->document().spec().name, actors);
  showEvents();
}

void WatchDesk::showEvents() {
  const auto name = m_tab == nullptr ? std::string{} : m_tab->document().spec().name;
  const auto* history = m_tab == nullptr ? nullptr : m_engine.history();
  const auto count = history == nullptr ? 0 : history->eventCount();
  if (name != m_topology || count < m_shown) {
    m_topology = name;
    m_shown = 0;
    m_model.clear();
  }
  if (count == m_shown) return;
  const auto& events = history->events();
  const auto fresh = std::min<std::uint64_t>(count - m_shown, events.size());
  m_shown = count;
  m_model.append({events.end() - static_cast<std::ptrdiff_t>(fresh), events.end()});
}

void WatchDesk::choose(const QString& task) {
  const auto actor = toStd(task.section(QLatin1Char('/'), 0, 0));
  if (m_tab != nullptr && m_tab->document().spec().find(actor) != nullptr) Q_EMIT chosen(actor);
}

}  // namespace millrace::workbench
