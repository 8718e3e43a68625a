#pragma once

#include <QByteArray>
#include <QString>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "core/health.hpp"

namespace millrace::workbench {

/// An experiment that runs, from what `millrace chaos run --progress` tells of it line by line. Times are seconds since
/// it began. Thread: GUI.
class ExperimentProgress {
public:
  struct Phase {
    QString name;
    std::optional<double> expectedS;  ///< what it takes
    std::optional<double> mostS;      ///< what it takes at most
    std::optional<double> begunS, endedS;
  };
  /// A probe or an action, or a look at the steady state.
  struct Step {
    double atS = 0;
    QString what, part, state;
    Health health = Health::Idle;
  };
  /// The newest, on show.
  static constexpr std::size_t stepsMax = 500;

  /// Lines that cannot be read, and events nobody knows, are passed over.
  void take(const QString& line);
  /// The phase it is in ends, whether or not there is a verdict.
  void end(double nowS);

  [[nodiscard]] const QString& title() const noexcept { return m_title; }
  [[nodiscard]] const std::vector<Phase>& phases() const noexcept { return m_phases; }
  /// Index of the phase it is in; nothing: none yet, or it is over.
  [[nodiscard]] std::optional<std::size_t> present() const;
  [[nodiscard]] const std::deque<Step>& steps() const noexcept { return m_steps; }
  [[nodiscard]] double elapsedS() const noexcept { return m_elapsedS; }
  /// Of the phases whose time is known.
  [[nodiscard]] double expectedS() const;
  [[nodiscard]] std::optional<double> abortAfterS() const noexcept { return m_abortAfterS; }
  [[nodiscard]] bool isOver() const noexcept { return m_isOver; }
  /// `1.2 k/s, p99 7 ms, struck 3 times`; empty: nothing was measured yet.
  [[nodiscard]] const QString& figures() const noexcept { return m_figures; }
  /// The report, and as text; null before the verdict.
  [[nodiscard]] const nlohmann::json& report() const noexcept { return m_report; }
  [[nodiscard]] const QString& reportText() const noexcept { return m_reportText; }

private:
  void begin(const nlohmann::json& event);
  void enter(const QString& phase);
  void addStep(Step step);
  void noteActivity(const nlohmann::json& event);

  QString m_title, m_figures, m_reportText;
  std::vector<Phase> m_phases;
  std::deque<Step> m_steps;
  std::optional<double> m_abortAfterS;
  double m_elapsedS = 0;
  bool m_isOver = false;
  nlohmann::json m_report;
};

}  // namespace millrace::workbench
