#pragma once

#include <QDialog>

#include "core/deployment.hpp"

namespace millrace::workbench {

/// What deploying would change on the target, before it is done: Enter does it. Thread: GUI.
class PlanDialog final : public QDialog {
  Q_OBJECT

public:
  /// `target`: as the user calls it.
  PlanDialog(const DeployPlan& plan, const QString& target, QWidget* parent = nullptr);
};

}  // namespace millrace::workbench
