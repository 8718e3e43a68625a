#pragma once

#include <QElapsedTimer>
#include <QEvent>
#include <QWidget>
#include <functional>
#include <initializer_list>
#include <memory>

#include "app/main_window.hpp"

namespace millrace::workbench {

/// A window that is brought into states and painted. What cannot be reached is thrown as a `std::runtime_error`.
class PictureSession {
public:
  /// Pictures go into `folder`.
  explicit PictureSession(QString folder);

  [[nodiscard]] MainWindow& window() const noexcept { return *m_window; }
  [[nodiscard]] DocumentTab& tab() const { return m_window->current(); }
  [[nodiscard]] const QString& folder() const noexcept { return m_folder; }
  static constexpr qint64 stateMsMax = 30'000, verdictMsMax = 60'000;
  static void pumpUntil(const std::function<bool()>& isReached, const char* what, qint64 mostMs = stateMsMax);
  /// The same where the engine is asked, which may fail on a busy machine: asks again every 5 s, as people would.
  static void askUntil(const std::function<void()>& ask, const std::function<bool()>& isReached, const char* what);
  /// The window, dark and light, at 1x and 2x.
  void shoot(const char* name);
  /// A dialog over it, dark and light.
  void shoot(const char* name, QWidget& dialog);
  /// Adds actors of Millrace's types to the present tab, each wired to the one before.
  void draw(std::initializer_list<const char*> types);
  /// In a tab of its own, laid out.
  void open(topology spec);
  void mouse(QEvent::Type type, QPoint at, Qt::MouseButtons buttons);
  void waitForRun(double seconds);
  /// Until figures have come for so long.
  void waitForMore(double seconds);

private:
  void save(const QPixmap& picture, const QString& name);
  /// Says on standard output which picture is made.
  void tell(const char* name);

  QString m_folder;
  QElapsedTimer m_since;
  std::unique_ptr<MainWindow> m_window;
};

// Topologies that pictures show.
/// Chains of source, router, window, filter and sink, up to `count` actors; some sinks are shared.
[[nodiscard]] topology chains(int count);
/// One that cannot do what it is given.
[[nodiscard]] topology jammed();
/// One with a rule that fails for some events, and speaks.
[[nodiscard]] topology ruled();

// Parts of the pictures, each in a session of its own.
/// Drawing: empty, a type error, Lua with a mistake, groups, the outline, commands, settings, examples, own actors.
void shootEditing(PictureSession& session);
/// A calm run: figures, differences, charts, a fault and its verdict, a lost connection.
void shootRunning(PictureSession& session);
/// A run that somebody steers: records of a wire, dead letters, paused and muted, savepoints, log and events.
void shootSteering(PictureSession& session);
/// An experiment designed, with a mistake in it, on its way, and its verdict.
void shootExperiment(PictureSession& session);
/// Nodes with a placed actor: adding one, a plan, the nodes, keys, the audit log.
void shootNodes(PictureSession& session);
/// Backpressure at its cause, and many actors.
void shootLoad(PictureSession& session);

}  // namespace millrace::workbench
