#pragma once

#include <QObject>
#include <QTimer>
#include <optional>

#include "app/engine_desk.hpp"
#include "core/chaos_trial.hpp"
#include "panels/chaos_panel.hpp"

namespace millrace::workbench {

/// What an experiment on the topology of a tab is for.
[[nodiscard]] ExperimentTarget targetOf(const DocumentTab& tab);

/// Breaking the run in front: injects faults into what is selected, watches them and the run, and shows what came of
/// it. Faults are asked for twice a second while there are any; the emergency stop clears all of them. Thread: GUI.
class ChaosDesk final : public QObject {
  Q_OBJECT

public:
  explicit ChaosDesk(EngineDesk& engine, QObject* parent = nullptr);

  [[nodiscard]] ChaosPanel* panel() const noexcept { return m_panel; }
  void setTab(DocumentTab* tab);
  /// Asks what to do to what is selected.
  void inject();
  void stopAll();

Q_SIGNALS:
  void hint(const QString& text);
  /// There is something to see in the panel.
  void shown();
  /// The last fault is to become an experiment that somebody edits.
  void designed(const nlohmann::ordered_json& experiment);

private:
  void injectKind(const QString& kind);
  void start(FaultWish wish);
  void ask();
  void take(const Command& command);
  void takeFaults(const std::vector<FaultNote>& faults);
  void observe();
  void exportTrial();
  [[nodiscard]] std::string topology() const;
  [[nodiscard]] std::string target() const;

  EngineDesk& m_engine;
  ChaosPanel* m_panel;
  DocumentTab* m_tab = nullptr;
  QTimer m_poll;
  std::vector<FaultNote> m_faults;
  std::optional<ChaosTrial> m_trial;
  std::string m_trialTopology;
  bool m_isAsked = false, m_isToldOfEnd = false;
};

}  // namespace millrace::workbench
