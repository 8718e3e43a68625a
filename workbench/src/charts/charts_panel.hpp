#pragma once

#include <QLabel>
#include <QWidget>
#include <array>
#include <vector>

#include "core/run_history.hpp"

class QCPGraph;
class QCustomPlot;

namespace millrace::workbench {

/// The run in front over the last two minutes: throughput, lag, latency, load, each with its unit. In the program
/// alone, which may link QCustomPlot. Thread: GUI.
class ChartsPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ChartsPanel(QWidget* parent = nullptr);
  /// nullptr: nothing ran yet. `isStale`: the newest sample is old.
  void show(const RunHistory* history);
  /// After the theme has changed.
  void repaintAll();

private:
  struct Series {
    const char* name;
    double (*value)(const RunSample&);
    std::size_t colour;
    QCPGraph* graph = nullptr;
  };
  struct Chart {
    const char* title;
    std::vector<Series> series;
    double least;  ///< the axis reaches at least so far
    QCustomPlot* plot = nullptr;
    QLabel* heading = nullptr;
  };

  void build(Chart& chart, QWidget* body);
  void fill(Chart& chart, const RunHistory& history);
  void paint(Chart& chart);

  std::vector<Chart> m_charts;
  QWidget* m_body;
  QLabel* m_notice;
};

}  // namespace millrace::workbench
