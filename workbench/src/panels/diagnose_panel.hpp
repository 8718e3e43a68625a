#pragma once

#include <QLabel>
#include <QListWidget>
#include <QWidget>

#include "core/diagnosis.hpp"

namespace millrace::workbench {

/// What holds the run up, in the engine's words, and the way there from the source; Enter shows the culprit on the
/// canvas. Thread: GUI.
class DiagnosePanel final : public QWidget {
  Q_OBJECT

public:
  explicit DiagnosePanel(QWidget* parent = nullptr);
  void show(const Diagnosis& diagnosis);
  /// Instead: it is being asked, or why it cannot be told.
  void tell(const QString& text);
  [[nodiscard]] QString sentence() const { return m_sentence->text(); }

Q_SIGNALS:
  void chosen(const std::string& actor);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void choose(const QListWidgetItem* item);

  QLabel* m_cause;
  QLabel* m_sentence;
  QListWidget* m_path;
};

}  // namespace millrace::workbench
