#pragma once

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QWidget>
#include <optional>
#include <string>
#include <vector>

#include "charts/line_chart.hpp"
#include "panels/heat_map.hpp"
#include "panels/time_bar.hpp"
#include "panels/watermark_view.hpp"

namespace millrace::workbench {

/// The run in front over time: charts of throughput, lag, latency, load, queues, state and snapshots; a heat map of its
/// actors; how far each is behind in event time. What is shown can be held still, looked back at for up to eight hours
/// on a bar of all that is remembered, and taken along as CSV or PNG. In the program alone, which may link QCustomPlot.
/// Thread: GUI.
class ChartsPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ChartsPanel(QWidget* parent = nullptr);
  /// Whose run it is: what was held still of another one is let go.
  void setTopology(const std::string& topology);
  /// nullptr: nothing ran yet.
  void show(const RunHistory* history, const RunFigures* run);
  /// After the theme has changed.
  void repaintAll();
  void setPaused(bool isPaused);
  [[nodiscard]] bool isPaused() const { return m_pause->isChecked(); }
  /// What was until then, held still; nothing: the present, followed.
  void goTo(std::optional<double> until);
  [[nodiscard]] TimeBar& timeBar() noexcept { return *m_time; }
  /// `.csv`: the samples that are shown; `.png`: the charts as they look. Empty: done; else why not.
  [[nodiscard]] QString exportTo(const QString& path) const;

Q_SIGNALS:
  void hint(const QString& text);

private:
  QWidget* makeBar();
  QWidget* makeCharts();
  void redraw();
  [[nodiscard]] double spanS() const;
  /// What is shown: held still, or as it comes.
  [[nodiscard]] const RunHistory* shown() const;
  [[nodiscard]] std::vector<RunSample> samples() const;

  QStackedWidget* m_pages;
  QLabel* m_notice;
  HeatMap* m_heat;
  WatermarkView* m_watermarks;
  QWidget* m_charts = nullptr;
  QComboBox* m_view = nullptr;
  QComboBox* m_span = nullptr;
  QPushButton* m_pause = nullptr;
  TimeBar* m_time = nullptr;
  std::string m_topology;
  std::optional<double> m_until;
  std::vector<LineChart*> m_lines;
  RunHistory m_held;  // while it is held still
  const RunHistory* m_history = nullptr;
};

}  // namespace millrace::workbench
