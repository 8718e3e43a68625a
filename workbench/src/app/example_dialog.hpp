#pragma once

#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QTreeWidget>

#include "core/examples.hpp"

namespace millrace::workbench {

/// The gallery: what can be opened to begin with, found by a few letters. Thread: GUI.
class ExampleDialog final : public QDialog {
  Q_OBJECT

public:
  ExampleDialog(std::vector<Example> examples, QWidget* parent);
  [[nodiscard]] QTreeWidget& list() noexcept { return *m_list; }

Q_SIGNALS:
  void chosen(const millrace::workbench::Example& example);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void filter(const QString& text);
  void showCurrent();
  void openCurrent();

  std::vector<Example> m_examples;
  QLineEdit* m_filter;
  QTreeWidget* m_list;
  QLabel* m_teaches;
};

}  // namespace millrace::workbench
