#pragma once

#include <QLabel>
#include <QListWidget>
#include <QTreeWidget>
#include <QWidget>

#include "core/diagnosis.hpp"

namespace millrace::workbench {

/// What holds the run up, the worst first, each with how much of the time it costs; beside it, of the current one, the
/// engine's words and the way there from the source. Enter shows the culprit on the canvas. Thread: GUI.
class DiagnosePanel final : public QWidget {
  Q_OBJECT

public:
  explicit DiagnosePanel(QWidget* parent = nullptr);
  void show(const Diagnosis& diagnosis);
  /// Nobody has asked yet.
  void clear();
  /// Instead: it is being asked, or why it cannot be told.
  void tell(const QString& text);
  /// Of the current cause.
  [[nodiscard]] QString sentence() const { return m_sentence->text(); }
  [[nodiscard]] QTreeWidget& causes() noexcept { return *m_causes; }
  [[nodiscard]] QListWidget& path() noexcept { return *m_path; }

Q_SIGNALS:
  void chosen(const std::string& actor);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void showCurrent();
  void choose(const QString& actor);

  QTreeWidget* m_causes;
  QLabel* m_sentence;
  QListWidget* m_path;
  std::vector<Cause> m_found;
};

}  // namespace millrace::workbench
