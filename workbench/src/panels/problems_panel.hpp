#pragma once

#include <QLabel>
#include <QTreeView>
#include <QWidget>

#include "core/problems_model.hpp"

namespace millrace::workbench {

/// What validation found wrong; Enter or a click goes to the place. Thread: GUI.
class ProblemsPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ProblemsPanel(QWidget* parent = nullptr);
  void setProblems(const ProblemList& problems);
  [[nodiscard]] const ProblemsModel& model() const noexcept { return *m_model; }

Q_SIGNALS:
  void chosen(const millrace::workbench::Problem& problem);

private:
  ProblemsModel* m_model;
  QTreeView* m_view;
  QLabel* m_calm;
};

}  // namespace millrace::workbench
