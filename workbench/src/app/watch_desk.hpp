#pragma once

#include <QObject>

#include "app/engine_desk.hpp"
#include "panels/notes_view.hpp"
#include "panels/run_log_panel.hpp"

namespace millrace::workbench {

/// What the run in front says of itself, and what happened to it: its log, and the list of events. Thread: GUI.
class WatchDesk final : public QObject {
  Q_OBJECT

public:
  explicit WatchDesk(EngineDesk& engine, QObject* parent = nullptr);

  [[nodiscard]] RunLogPanel* log() const noexcept { return m_log; }
  [[nodiscard]] NotesView* events() const noexcept { return m_events; }
  [[nodiscard]] const NotesModel& eventModel() const noexcept { return m_model; }
  void setTab(DocumentTab* tab);

Q_SIGNALS:
  /// The actor that a line is about was chosen.
  void chosen(const std::string& actor);

private:
  void follow();
  void showEvents();
  void choose(const QString& task);

  EngineDesk& m_engine;
  NotesModel m_model;
  NotesView* m_events;
  RunLogPanel* m_log;
  DocumentTab* m_tab = nullptr;
  std::string m_topology;
  std::uint64_t m_shown = 0;  // events of it
};

}  // namespace millrace::workbench
