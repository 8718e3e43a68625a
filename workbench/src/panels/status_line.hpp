#pragma once

#include <QLabel>
#include <QPushButton>
#include <QWidget>

#include "core/document.hpp"
#include "engine/engine_session.hpp"

namespace millrace::workbench {

/// The right half of the status bar: how the engine is, how old its figures are, how the run is, whether the drawing
/// differs from what was deployed, whether it is saved. Thread: GUI.
class StatusLine final : public QWidget {
  Q_OBJECT

public:
  explicit StatusLine(QWidget* parent = nullptr);
  void show(const EngineSession& session, const Document& document);
  [[nodiscard]] QString engineText() const { return m_engine->text(); }
  [[nodiscard]] QString runText() const { return m_run->text(); }

  [[nodiscard]] QPushButton* whyButton() const noexcept { return m_why; }
  /// What else runs; hidden while nothing does.
  [[nodiscard]] QPushButton* othersButton() const noexcept { return m_others; }

Q_SIGNALS:
  /// Somebody wants to know what holds the run up.
  void whyAsked();
  /// Somebody wants to see what else runs.
  void othersAsked();

private:
  QLabel* addLabel(const QString& name);
  void showOthers(const EngineSession& session, const std::string& topology);

  QLabel* m_glyph;
  QLabel* m_engine;
  QLabel* m_run;
  QPushButton* m_why;
  QPushButton* m_others;
  QLabel* m_deployed;
  QLabel* m_saved;
};

}  // namespace millrace::workbench
