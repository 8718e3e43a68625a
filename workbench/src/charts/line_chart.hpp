#pragma once

#include <QLabel>
#include <QWidget>
#include <deque>
#include <optional>
#include <vector>

#include "core/run_history.hpp"

class QCPGraph;
class QCPItemLine;
class QCPItemRect;
class QCustomPlot;

namespace millrace::workbench {

/// A line of a chart: its name, what it shows of a sample, and its colour among the theme's `records`.
struct ChartSeries {
  const char* name;
  double (*value)(const RunSample&);
  std::size_t colour;
};

/// One quantity over time, with its unit in the heading, the values under the pointer, what happened to the run (dots
/// for snapshots, strokes for restarts and states) and bands for faults. Thread: GUI.
class LineChart final : public QWidget {
  Q_OBJECT

public:
  /// `least`: the axis reaches at least so far.
  LineChart(const char* title, std::vector<ChartSeries> series, double least, QWidget* parent = nullptr);

  /// `samples` of a time, in seconds since 1970, as it is seen from `now`.
  struct Frame {
    double from = 0, until = 0, now = 0;
  };
  void show(const std::vector<RunSample>& samples, const std::deque<RunMark>& marks, const Frame& frame);
  /// The moment that is pointed at, in seconds before now (negative); nothing: none.
  void point(std::optional<double> at);
  void repaintAll();

Q_SIGNALS:
  void pointed(std::optional<double> at);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void showHeading();
  void showMarks(const std::deque<RunMark>& marks, double top);

  const char* m_title;
  std::vector<ChartSeries> m_series;
  double m_least;
  QLabel* m_heading;
  QCustomPlot* m_plot;
  std::vector<QCPGraph*> m_graphs;
  QCPGraph* m_dots;
  QCPGraph* m_strokes;
  std::vector<QCPItemRect*> m_bands;
  QCPItemLine* m_pointer;
  std::vector<RunSample> m_samples;
  Frame m_frame;
  std::optional<double> m_pointedAt;
};

}  // namespace millrace::workbench
