#pragma once

#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QWidget>

#include "core/chaos_trial.hpp"

namespace millrace::workbench {

/// Faults of the run in front, what can be done about them, and the verdict of the last one. Thread: GUI.
class ChaosPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ChaosPanel(QWidget* parent = nullptr);

  void setFaults(const std::vector<FaultNote>& faults);
  /// `hasSeed`: it was one fault of this run, which can be done again.
  void showCard(const VerdictCard& card, bool canRepeat);
  /// After the theme has changed.
  void repaintAll();
  /// Instead of a card: what is being done.
  void tell(const QString& text);
  [[nodiscard]] QString verdict() const { return m_verdict->text(); }
  [[nodiscard]] int faultCount() const { return m_faults->topLevelItemCount(); }

Q_SIGNALS:
  void injectWanted();
  void clearWanted(quint64 id);
  void stopWanted();
  void experimentWanted();
  void repeatWanted();
  void exportWanted();

private:
  QWidget* makeFaults();
  QWidget* makeCard();

  VerdictCard m_card;  // on show; without a verdict there is none
  bool m_canRepeat = false;
  QTreeWidget* m_faults = nullptr;
  QLabel* m_verdict = nullptr;
  QLabel* m_lines = nullptr;
  QPushButton* m_repeat = nullptr;
  QPushButton* m_export = nullptr;
};

}  // namespace millrace::workbench
