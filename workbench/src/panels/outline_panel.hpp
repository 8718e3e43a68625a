#pragma once

#include <QTreeView>
#include <QWidget>

#include "core/detail_model.hpp"
#include "core/outline_model.hpp"

namespace millrace::workbench {

/// The topology as a table, and all that can be set about its current row as another one: everything the canvas and the
/// inspector can do, from the keyboard. F2 or typing edits a cell, Insert adds an actor behind the current one, Delete
/// removes, Enter shows it on the canvas; Tab goes from one table to the other. Thread: GUI.
class OutlinePanel final : public QWidget {
  Q_OBJECT

public:
  explicit OutlinePanel(const ActorCatalogue& catalogue, QWidget* parent = nullptr);
  [[nodiscard]] OutlineModel& model() noexcept { return *m_model; }
  [[nodiscard]] QTreeView& view() noexcept { return *m_view; }
  [[nodiscard]] DetailModel& details() noexcept { return *m_details; }
  [[nodiscard]] QTreeView& detailView() noexcept { return *m_detailView; }
  /// nullptr: none.
  void setDocument(Document* document);
  void setFigures(const RunFigures* run);
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
  void showDetails(const QModelIndex& index);

  OutlineModel* m_model;
  QTreeView* m_view;
  DetailModel* m_details;
  QTreeView* m_detailView;
  int m_row = -1, m_column = 0;  ///< before the rows changed
};

}  // namespace millrace::workbench
