#pragma once

#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QWidget>

#include "core/chaos_trial.hpp"
#include "core/experiment_progress.hpp"
#include "panels/timeline_view.hpp"

namespace millrace::workbench {

/// Faults of the run in front, what can be done about them, the experiment that runs, and the verdict of the last one.
/// Thread: GUI.
class ChaosPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ChaosPanel(QWidget* parent = nullptr);

  void setFaults(const std::vector<FaultNote>& faults);
  /// What a verdict is of: one fault of this run, or an experiment with its report.
  enum class CardOf : std::uint8_t { Fault, Experiment };
  void showCard(const VerdictCard& card, CardOf what);
  /// An experiment on its way, `elapsedS` seconds since it began; a card or `tell` takes its place.
  void showProgress(const ExperimentProgress& progress, double elapsedS, bool isCancelled);
  /// After the theme has changed.
  void repaintAll();
  /// Instead of a card: what is being done.
  void tell(const QString& text);
  [[nodiscard]] QString verdict() const { return m_card.verdict.isEmpty() ? QString{} : m_verdict->text(); }
  [[nodiscard]] QString text() const { return m_lines->text(); }
  [[nodiscard]] int faultCount() const { return m_faults->topLevelItemCount(); }

Q_SIGNALS:
  void injectWanted();
  void clearWanted(quint64 id);
  void stopWanted();
  void experimentWanted();
  void repeatWanted();
  void exportWanted();
  /// The fault that was tried is to become an experiment.
  void designWanted();
  void cancelWanted();
  void runAgainWanted();
  void reportWanted();
  void saveReportWanted();

private:
  QWidget* makeFaults();
  QWidget* makeCard();
  void setTitle(Health health, const QString& text);

  VerdictCard m_card;  // on show; without a verdict there is none
  CardOf m_cardOf = CardOf::Fault;
  QTreeWidget* m_faults = nullptr;
  QLabel* m_verdict = nullptr;
  QLabel* m_lines = nullptr;
  TimelineView* m_timeline = nullptr;
  QTreeWidget* m_steps = nullptr;
  QList<QPushButton*> m_ofFault, m_ofExperiment, m_ofRun;
};

}  // namespace millrace::workbench
