#pragma once

#include <QComboBox>
#include <QWidget>
#include <vector>

#include "core/run_history.hpp"

namespace millrace::workbench {

/// Actors over time, a row each, a column a second: the worst p99, waiting, load or queue in it, as a colour. What is
/// under the pointer is told in words. Thread: GUI.
class HeatMap final : public QWidget {
  Q_OBJECT

public:
  explicit HeatMap(QWidget* parent = nullptr);
  /// Seconds of a history until that moment.
  void show(const RunHistory& history, double until);
  /// Of them, so many are seen.
  static constexpr double spanS = RunHistory::heatColumnsMax / 5.0;
  /// What is told of the cell at this place; empty: there is none.
  [[nodiscard]] QString textAt(QPointF place) const;

protected:
  void paintEvent(QPaintEvent* event) override;
  bool event(QEvent* event) override;

private:
  [[nodiscard]] HeatQuantity quantity() const;
  [[nodiscard]] double value(const HeatColumn& column, std::size_t row) const;
  [[nodiscard]] QRectF map() const;
  [[nodiscard]] QString words(double value) const;
  void paintScale(QPainter& painter) const;

  QComboBox* m_quantity;
  std::vector<std::string> m_actors;
  std::vector<std::size_t> m_rows;  // of actors that have something to show
  std::deque<HeatColumn> m_columns;
  double m_largest = 0;
  double m_backS = 0;  // from the newest column that is seen to the newest there is
};

}  // namespace millrace::workbench
