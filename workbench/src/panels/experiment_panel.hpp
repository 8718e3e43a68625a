#pragma once

#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QTreeView>
#include <QWidget>
#include <functional>
#include <vector>

#include "core/experiment_document.hpp"
#include "core/experiment_model.hpp"
#include "panels/experiment_form.hpp"

namespace millrace::workbench {

/// The designer of experiments: what one consists of as a tree, and the selected part as a form. Everything has a key;
/// what is asked for that needs files or a run is told by signals. Thread: GUI.
class ExperimentPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ExperimentPanel(QWidget* parent = nullptr);

  /// nullptr: none.
  void setDocument(ExperimentDocument* document);
  /// What new parts are for, and targets are taken from.
  void setTarget(ExperimentTarget target);
  void setProblems(const std::vector<ExperimentProblem>& problems);
  void setRunning(bool isRunning);
  /// After the theme has changed.
  void repaintAll();
  void select(ExperimentRow row);
  [[nodiscard]] ExperimentRow currentRow() const;
  [[nodiscard]] ExperimentModel& model() noexcept { return m_model; }
  [[nodiscard]] ExperimentForm& form() noexcept { return *m_form; }
  [[nodiscard]] QTreeView& tree() noexcept { return *m_tree; }
  [[nodiscard]] QString notice() const { return m_notice->text(); }
  /// Commits what is being typed, before it is saved or run.
  void finishTyping() { m_form->finishTyping(); }

Q_SIGNALS:
  void newWanted();
  void openWanted();
  void saveWanted();
  void saveAsWanted();
  void runWanted();

protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  QWidget* makeEmpty();
  QWidget* makeDesigner();
  QWidget* makeButtons();
  QPushButton* addButton(QLayout* row, const QString& words, const QString& keys, std::function<void()> act);
  QPushButton* buttonOf(const QKeyEvent& key) const;
  void fillAddMenu();
  void add(ExperimentPart part);
  void removeCurrent();
  void moveCurrent(int by);
  void duplicateCurrent();
  void showTitle();
  void showButtons();

  ExperimentDocument* m_document = nullptr;
  ExperimentTarget m_target;
  ExperimentModel m_model;
  QStackedWidget* m_pages;
  QTreeView* m_tree = nullptr;
  ExperimentForm* m_form = nullptr;
  QLabel* m_title = nullptr;
  QLabel* m_notice = nullptr;
  QLabel* m_help = nullptr;
  QMenu* m_addMenu = nullptr;
  QPushButton *m_undo = nullptr, *m_redo = nullptr, *m_save = nullptr, *m_saveAs = nullptr, *m_run = nullptr,
              *m_add = nullptr, *m_up = nullptr, *m_down = nullptr, *m_copy = nullptr, *m_remove = nullptr;
  bool m_isRunning = false;
};

}  // namespace millrace::workbench
