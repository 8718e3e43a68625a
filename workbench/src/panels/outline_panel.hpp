#pragma once

#include <QTreeView>
#include <QWidget>

#include "core/outline_model.hpp"

namespace millrace::workbench {

/// The topology as a table: everything the canvas can do, from the keyboard. F2 or typing edits a cell, Insert adds an
/// actor behind the current one, Delete removes, Enter shows it on the canvas. Thread: GUI.
class OutlinePanel final : public QWidget {
  Q_OBJECT

public:
  explicit OutlinePanel(const ActorCatalogue& catalogue, QWidget* parent = nullptr);
  [[nodiscard]] OutlineModel& model() noexcept { return *m_model; }
  [[nodiscard]] QTreeView& view() noexcept { return *m_view; }
  void setCurrent(const std::string& actor);

Q_SIGNALS:
  /// Of rows of the model.
  void currentChanged(int row);
  void activated(int row);
  void addRequested();
  void removeRequested();

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  OutlineModel* m_model;
  QTreeView* m_view;
};

}  // namespace millrace::workbench
