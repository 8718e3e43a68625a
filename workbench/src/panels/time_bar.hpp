#pragma once

#include <QWidget>
#include <deque>
#include <optional>
#include <vector>

#include "core/run_history.hpp"

namespace millrace::workbench {

/// All that is remembered of a run as a strip: how much went through, snapshots (diamonds), faults (hatched), and a
/// frame around what charts show. The frame is dragged or moved by arrow keys, wheel and + − widen or narrow it; End or
/// LIVE at its right goes back to the present. It shows and asks, and moves nothing by itself. Thread: GUI.
class TimeBar final : public QWidget {
  Q_OBJECT

public:
  explicit TimeBar(QWidget* parent = nullptr);

  void show(const RunHistory& history);
  /// Nothing is remembered.
  void clear();
  /// What is framed: so many seconds until a moment (nothing: the present).
  void setFrame(double spanS, std::optional<double> until);
  /// On the strip.
  [[nodiscard]] QRectF frameBox() const;
  [[nodiscard]] QRectF liveBox() const;
  /// "the last 2 min", "2 min, until 14 min ago".
  [[nodiscard]] QString words() const;
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
  /// A frame that ends then; nothing: with the present.
  void moved(std::optional<double> until);
  /// Wider (1, 2, …) or narrower (−1, −2, …).
  void zoomed(int step);

protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

private:
  [[nodiscard]] QRectF strip() const;
  [[nodiscard]] double wholeS() const;
  [[nodiscard]] double xAt(double at) const;
  [[nodiscard]] double until() const { return m_until.value_or(m_newest); }
  void moveTo(double until);
  void tellWords();
  void paintRun(QPainter& painter) const;
  void paintMarks(QPainter& painter) const;
  void paintFrame(QPainter& painter) const;

  std::vector<RunSample> m_samples;
  std::deque<RunMark> m_marks;
  double m_oldest = 0, m_newest = 0;
  double m_spanS = 120;
  std::optional<double> m_until;
  int m_turned = 0;   // of the wheel, not a whole step yet
  double m_grip = 0;  // where in the frame it is held, in pixels from its right
};

}  // namespace millrace::workbench
