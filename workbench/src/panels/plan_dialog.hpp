#pragma once

#include <QDialog>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>

#include "core/deployment.hpp"
#include "panels/placement_table.hpp"

namespace millrace::workbench {

/// What deploying would change on the target, before it is done: Enter does it. Where the target knows other nodes, a
/// table says what runs where, and changes it; the plan is then asked for again. Thread: GUI.
class PlanDialog final : public QDialog {
  Q_OBJECT

public:
  /// `target`: as the user calls it.
  PlanDialog(const DeployPlan& plan, const QString& target, QWidget* parent = nullptr);
  void setPlan(const DeployPlan& plan);
  /// It is asked for again; until it is there nothing can be deployed.
  void wait();
  /// Why there is none.
  void tell(const QString& why);
  void setPlacement(const std::vector<std::string>& actors, const std::vector<NodeFacts>& nodes,
                    const TopologyLayout& layout);
  [[nodiscard]] PlacementTable& placement() noexcept { return *m_placement; }

Q_SIGNALS:
  void placementWanted(const std::string& actor, const std::vector<std::string>& nodes);

private:
  QLabel* m_headline;
  QLabel* m_where;
  PlacementTable* m_placement;
  QListWidget* m_list;
  QPushButton* m_deploy = nullptr;
  QPushButton* m_cancel = nullptr;
};

}  // namespace millrace::workbench
