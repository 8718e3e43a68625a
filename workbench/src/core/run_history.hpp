#pragma once

#include <QByteArray>
#include <QString>
#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/figures.hpp"
#include "core/letter_counter.hpp"
#include "core/notes_model.hpp"

namespace millrace::workbench {

/// A run as a whole at one moment, for charts.
struct RunSample {
  double at = 0;                          ///< seconds since 1970
  double inPerS = 0, outPerS = 0;         ///< what producers give, what sinks take
  double behindMs = 0, backlog = 0;       ///< the slowest actor's event time; events producers still have to read
  double latencyP50 = 0, latencyP99 = 0;  ///< ms, the slowest sink's; 0: nothing arrived
  double busy = 0, blocked = 0;           ///< of the task that has most of it, 0 to 1
  double fill = 0;                        ///< of the fullest queue, 0 to 1
  double stateBytes = 0, snapshotMs = 0;
  double deadLetters = 0;  ///< that came since the sample before
};
/// Without `deadLetters`, which takes more than one look.
[[nodiscard]] RunSample sampleOf(const RunFigures& run, double at);

/// Something that happened to a run, for charts: at one moment, or over a time.
struct RunMark {
  enum class Kind : std::uint8_t { Snapshot, Restart, State, Fault };
  Kind kind = Kind::State;
  double at = 0, until = 0;  ///< seconds since 1970; the same for moments; 0: still going on
  QString text;
};

/// What one actor did in one second: the worst of it.
enum class HeatQuantity : std::uint8_t { Latency, Blocked, Busy, Fill };
using HeatCell = std::array<float, 4>;  ///< by HeatQuantity: p99 in ms, and shares from 0 to 1
struct HeatColumn {
  double at = 0;
  std::vector<HeatCell> cells;  ///< by actor, as `heatActors` has them; shorter when some came later
};

/// What is remembered of a run. Two minutes of every sample, half an hour of seconds, eight hours of quarters of a
/// minute: of fixed size, so that days of telemetry take no more than hours.
class RunHistory {
public:
  static constexpr std::size_t samplesMax = 1200;  ///< of each resolution, and a little more than it needs
  static constexpr std::size_t eventsMax = 1000;
  static constexpr std::size_t marksMax = 500, heatColumnsMax = 600, heatActorsMax = 500;

  /// Figures as they come: samples, marks where something changed, and heat.
  void add(const RunFigures& run, double at);
  void add(const RunSample& sample);
  /// A fault begins, or (`isOver`) the one of that text ends.
  void markFault(const QString& text, double at, bool isOver);

  /// All samples of the finest resolution.
  [[nodiscard]] std::size_t size() const noexcept { return m_rings[0].samples.size(); }
  /// The last so many seconds, oldest first, in the finest resolution that reaches so far.
  [[nodiscard]] std::vector<RunSample> last(double seconds) const;
  /// Those of a time (seconds since 1970), oldest first, in the finest resolution that still has its beginning.
  [[nodiscard]] std::vector<RunSample> between(double from, double until) const;
  /// Moments of the first and the last sample there is; 0: none.
  [[nodiscard]] double oldest() const noexcept;
  [[nodiscard]] double newest() const noexcept;
  [[nodiscard]] const std::deque<RunMark>& marks() const noexcept { return m_marks; }
  [[nodiscard]] const std::deque<HeatColumn>& heat() const noexcept { return m_heat; }
  [[nodiscard]] const std::vector<std::string>& heatActors() const noexcept { return m_heatActors; }
  /// What happened, oldest first: states of the run, healths of tasks, recoveries, faults. The newest ones.
  [[nodiscard]] const std::deque<Note>& events() const noexcept { return m_events; }
  /// How many there were in all.
  [[nodiscard]] std::uint64_t eventCount() const noexcept { return m_eventCount; }
  /// Bytes it takes, roughly.
  [[nodiscard]] std::size_t bytes() const;

private:
  /// Samples some seconds apart; those between are merged: means of rates, the worst of the rest.
  struct Ring {
    double step = 0, span = 0;  // seconds
    std::deque<RunSample> samples;
    std::size_t merged = 0;  // in the newest one
    void add(const RunSample& sample);
  };
  void mark(RunMark::Kind kind, double at, const QString& text);
  void addHeat(const RunFigures& run, double at);
  void addEvents(const RunFigures& run, double at);
  void note(Note event);

  std::array<Ring, 3> m_rings{Ring{0, 120, {}, 0}, Ring{1, 1800, {}, 0}, Ring{15, 28'800, {}, 0}};
  std::deque<RunMark> m_marks;
  std::deque<HeatColumn> m_heat;
  std::vector<std::string> m_heatActors;
  std::deque<Note> m_events;
  std::uint64_t m_eventCount = 0;
  std::map<std::string, qint64> m_healthSince;  // by task: up to where it was told
  qint64 m_recoveredMs = 0;                     // the newest failure whose recovery was told
  LetterCounter m_letters;
  std::uint64_t m_snapshots = 0, m_restarts = 0;
  QString m_state;
};

/// As a table for other programs: a line a sample, comma separated, with a heading; times in ISO 8601, UTC.
[[nodiscard]] QByteArray toCsv(const std::vector<RunSample>& samples);

}  // namespace millrace::workbench
