#pragma once

#include <QWidget>
#include <string>
#include <vector>

#include "core/figures.hpp"

namespace millrace::workbench {

/// How far each actor is behind in event time the producer that has come furthest: a bar each, the furthest behind on
/// top. It answers which actor holds results back. Thread: GUI.
class WatermarkView final : public QWidget {
  Q_OBJECT

public:
  explicit WatermarkView(QWidget* parent = nullptr);
  /// nullptr: it does not run.
  void show(const RunFigures* run);

  struct Row {
    std::string actor;
    double behindMs = 0;
  };
  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return m_rows; }

protected:
  void paintEvent(QPaintEvent* event) override;

private:
  std::vector<Row> m_rows;
};

}  // namespace millrace::workbench
