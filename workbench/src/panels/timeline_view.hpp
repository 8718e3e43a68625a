#pragma once

#include <QWidget>

#include "core/experiment_progress.hpp"

namespace millrace::workbench {

/// The phases of an experiment as a band: those that are over filled, the present one marked and filled as far as it
/// is, those to come empty. Widths follow the time phases take, or are expected to. Thread: GUI.
class TimelineView final : public QWidget {
public:
  explicit TimelineView(QWidget* parent = nullptr);

  void setProgress(const ExperimentProgress& progress, double elapsedS);
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
  void paintEvent(QPaintEvent* event) override;

private:
  struct Part {
    QString name, time;
    double weight = 1;
    double done = 0;  // share of it
    bool isPresent = false, isBegun = false;
  };
  void paintPart(QPainter& painter, const Part& part, const QRectF& box) const;

  std::vector<Part> m_parts;
};

}  // namespace millrace::workbench
