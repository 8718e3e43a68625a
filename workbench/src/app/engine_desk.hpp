#pragma once

#include <QObject>
#include <QTimer>

#include "app/document_tab.hpp"
#include "core/chaos_trial.hpp"
#include "engine/engine_session.hpp"
#include "panels/banner.hpp"
#include "panels/diagnose_panel.hpp"
#include "panels/difference_panel.hpp"
#include "panels/log_panel.hpp"
#include "panels/status_line.hpp"

namespace millrace::workbench {

/// Joins the engine with what the window shows of it: figures onto the canvas in front, its state into banner and
/// status bar, its words into the log. Thread: GUI.
class EngineDesk final : public QObject {
  Q_OBJECT

public:
  explicit EngineDesk(QObject* parent = nullptr);

  [[nodiscard]] EngineSession& session() noexcept { return m_session; }
  [[nodiscard]] Banner* banner() const noexcept { return m_banner; }
  [[nodiscard]] LogPanel* log() const noexcept { return m_log; }
  [[nodiscard]] DiagnosePanel* diagnosis() const noexcept { return m_diagnosis; }
  [[nodiscard]] StatusLine* statusLine() const noexcept { return m_status; }
  [[nodiscard]] DifferencePanel* differencePanel() const noexcept { return m_difference; }

  void setTab(DocumentTab* tab);
  void run();
  void stop();
  void takeSnapshot();
  /// Faults at work: told above the canvas, and on the actors they are done to. `elsewhere`: in what is not in front.
  void setFaults(const std::vector<FaultNote>& faults, const QStringList& elsewhere);
  /// Marks on the canvas what differs from the deployed topology, and lists it.
  void setDifferencesShown(bool isShown);
  [[nodiscard]] bool areDifferencesShown() const noexcept { return m_areDifferencesShown; }
  /// Asks what holds the run up, and shows it.
  void diagnose();
  [[nodiscard]] const RunHistory* history() const;
  /// Of the topology in front; nullptr: it does not run.
  [[nodiscard]] const RunFigures* figures() const;
  [[nodiscard]] bool isRunning(const std::string& topology) const;
  [[nodiscard]] bool isStale() const;

Q_SIGNALS:
  /// There is something to see in the panel.
  void diagnosed();
  void differencesShown(bool isShown);
  void chaosStopWanted();
  void hint(const QString& text);
  /// New figures of the topology in front, or another topology.
  void figuresShown();

private:
  void showFigures();
  void showState();
  void showStatus();
  void showDifferences();
  void act();
  void tell(const Command& command);
  void noteName();

  EngineSession m_session;
  Banner* m_banner;
  LogPanel* m_log;
  DiagnosePanel* m_diagnosis;
  DifferencePanel* m_difference;
  StatusLine* m_status;
  QString m_failure;  // of the last command; until the next one, or until it was read
  DocumentTab* m_tab = nullptr;
  std::string m_name;  // of the topology in front, as it was last seen
  QString m_chaos;     // what is at work
  bool m_areDifferencesShown = false;
  QTimer m_tick;
};

}  // namespace millrace::workbench
