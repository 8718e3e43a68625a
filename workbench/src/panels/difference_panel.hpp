#pragma once

#include <QIcon>
#include <QLabel>
#include <QListWidget>
#include <QWidget>

#include "core/difference.hpp"

namespace millrace::workbench {

/// The sign of what became of something, for lists.
[[nodiscard]] QIcon changeIcon(ChangeKind kind);

/// In what the drawing differs from what was deployed, one line a thing; Enter shows it on the canvas. Thread: GUI.
class DifferencePanel final : public QWidget {
  Q_OBJECT

public:
  explicit DifferencePanel(QWidget* parent = nullptr);
  void setDifferences(const std::vector<Difference>& differences);
  /// Instead: why there is nothing to compare with.
  void tell(const QString& text);
  [[nodiscard]] int count() const { return m_list->count(); }

Q_SIGNALS:
  void chosen(const millrace::workbench::Difference& difference);

private:
  QLabel* m_calm;
  QListWidget* m_list;
  std::vector<Difference> m_differences;
};

}  // namespace millrace::workbench
