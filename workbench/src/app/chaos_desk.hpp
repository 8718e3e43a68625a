#pragma once

#include <QObject>
#include <QTimer>
#include <map>
#include <optional>
#include <set>

#include "app/engine_desk.hpp"
#include "core/chaos_trial.hpp"
#include "panels/chaos_panel.hpp"

namespace millrace::workbench {

/// What an experiment on the topology of a tab is for.
[[nodiscard]] ExperimentTarget targetOf(const DocumentTab& tab);

/// Breaking the run in front: injects faults into what is selected, watches them and the run, and shows what came of
/// it, whichever tab is in front by then. Faults of all that runs are asked for while there are any, those in front
/// twice a second; the emergency stop clears all of them, wherever they are. Thread: GUI.
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
  void start(const FaultWish& wish, const ExperimentTarget& target);
  /// From now on, until nothing is at work.
  void watch();
  void ask();
  void askFor(const std::string& topology);
  void take(const Command& command);
  void takeFaults(const std::string& topology, const std::vector<FaultNote>& faults);
  /// Another engine: what was known of the one before is gone.
  void forget();
  void showFaults();
  [[nodiscard]] bool isAtWork(const std::string& topology) const;
  void observe();
  void exportTrial();
  [[nodiscard]] std::string topology() const;
  [[nodiscard]] std::string target() const;

  EngineDesk& m_engine;
  ChaosPanel* m_panel;
  DocumentTab* m_tab = nullptr;
  QTimer m_poll;
  std::map<std::string, std::vector<FaultNote>> m_faults;       // by topology, as they were listed last
  std::set<std::string> m_asked, m_unseen;                      // lists on their way, and those still to be asked for
  std::set<std::pair<std::string, std::uint64_t>> m_ownFaults;  // topology and id
  struct Trial {
    ChaosTrial trial;
    ExperimentTarget target;
    quint64 command = 0;
    bool isToldOfEnd = false;
  };
  std::optional<Trial> m_trial;
};

}  // namespace millrace::workbench
