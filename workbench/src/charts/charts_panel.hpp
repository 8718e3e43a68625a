#pragma once

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QWidget>
#include <vector>

#include "charts/line_chart.hpp"
#include "panels/heat_map.hpp"
#include "panels/watermark_view.hpp"

namespace millrace::workbench {

/// The run in front over time: charts of throughput, lag, latency, load, queues, state and snapshots; a heat map of its
/// actors; how far each is behind in event time. What is shown can be held still, looked back at for up to eight hours,
/// and taken along as CSV or PNG. In the program alone, which may link QCustomPlot. Thread: GUI.
class ChartsPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ChartsPanel(QWidget* parent = nullptr);
  /// nullptr: nothing ran yet.
  void show(const RunHistory* history, const RunFigures* run);
  /// After the theme has changed.
  void repaintAll();
  void setPaused(bool isPaused);
  /// `.csv`: the samples that are shown; `.png`: the charts as they look. Empty: done; else why not.
  [[nodiscard]] QString exportTo(const QString& path) const;

Q_SIGNALS:
  void hint(const QString& text);

private:
  QWidget* makeBar();
  QWidget* makeCharts();
  void redraw();
  [[nodiscard]] double spanS() const;

  QStackedWidget* m_pages;
  QLabel* m_notice;
  HeatMap* m_heat;
  WatermarkView* m_watermarks;
  QWidget* m_charts = nullptr;
  QComboBox* m_view = nullptr;
  QComboBox* m_span = nullptr;
  QPushButton* m_pause = nullptr;
  std::vector<LineChart*> m_lines;
  RunHistory m_held;  // while it is held still
  const RunHistory* m_history = nullptr;
};

}  // namespace millrace::workbench
