#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/experiment_parts.hpp"
#include "core/figures.hpp"
#include "core/letter_balance.hpp"
#include "core/run_history.hpp"
#include "millrace/chaos/catalogue.hpp"

namespace millrace::workbench {

/// A fault somebody wants: everything that makes it strike the same way again.
struct FaultWish {
  std::string kind, target;
  std::map<std::string, double> parameters;
  std::uint64_t seed = 1;
  /// How long it lasts; 0: until it is spent.
  std::chrono::milliseconds duration{0};

  bool operator==(const FaultWish&) const = default;
};
/// The usual fault of a kind: spent after its usual strikes, or over after five seconds.
[[nodiscard]] FaultWish usualFault(const chaos::fault_entry& kind, std::string target);
/// What the verb `chaos_inject` takes.
[[nodiscard]] nlohmann::json toArguments(const FaultWish& wish, const std::string& topology);
/// The same as an experiment in Chaos Toolkit's format, for `millrace chaos run`.
[[nodiscard]] nlohmann::ordered_json toExperiment(const FaultWish& wish, const ExperimentTarget& target);

/// A fault of a run, as `chaos_list` tells it.
struct FaultNote {
  std::uint64_t id = 0, hits = 0, hitsMax = 0, seed = 0;
  QString kind, target, state;
  double ageMs = 0, leftMs = 0;

  [[nodiscard]] bool isActive() const { return state == QLatin1String("active"); }
  [[nodiscard]] QString title() const { return kind + QLatin1Char(' ') + target; }
};
/// What cannot be read is left out.
[[nodiscard]] std::vector<FaultNote> readFaults(const nlohmann::json& answer);
/// The actors a target means: both ends of a channel; none for the whole process.
[[nodiscard]] std::vector<std::string> actorsOf(const QString& target);

/// What a fault came to: a line a check, with its numbers.
struct VerdictCard {
  struct Line {
    Health health = Health::Ok;
    QString text;
  };
  QString verdict;  ///< PASS, DEGRADED, FAIL, INVALID, ABORTED
  Health health = Health::Idle;
  QString title;
  std::vector<Line> lines;
};
/// Of the report that `millrace chaos run --json` prints.
[[nodiscard]] VerdictCard cardOf(const nlohmann::json& report);

/// One fault on a running topology, judged by what the run's own figures say: it struck, the run is up, no more was
/// given up than before (as far as three standard deviations tell) but the poison it was, throughput is back at 95 %
/// within 30 s, latency is what it was. Whether output is right only an experiment can tell, which has an oracle.
/// Thread: GUI.
class ChaosTrial {
public:
  static constexpr double recoveryMaxS = 30;

  /// `before`: the samples up to the injection.
  ChaosTrial(FaultWish wish, const std::vector<RunSample>& before, const RunFigures& run, double now);

  [[nodiscard]] const FaultWish& wish() const noexcept { return m_wish; }
  void setId(std::uint64_t id) noexcept { m_id = id; }
  [[nodiscard]] std::optional<std::uint64_t> id() const noexcept { return m_id; }
  void observe(const RunFigures& run, double now);
  void observe(const FaultNote& fault, double now);
  /// Everything there is to see has been seen.
  [[nodiscard]] bool isOver() const;
  [[nodiscard]] VerdictCard card() const;

private:
  [[nodiscard]] double lastSecond() const;
  /// What is wrong with the dead letters since it was injected; empty: nothing.
  [[nodiscard]] std::string wrongLetters() const;

  FaultWish m_wish;
  std::optional<std::uint64_t> m_id;
  double m_begun = 0, m_now = 0;
  double m_baseline = 0, m_p99Before = 0, m_p99During = 0, m_p99After = 0;
  LetterBalance m_letters;
  std::uint64_t m_restartsBefore = 0, m_restarts = 0, m_hits = 0;
  std::optional<double> m_ended, m_recovered;
  bool m_isActive = true;
  QString m_state;
  std::vector<RunSample> m_recent;  // of the last second
};

}  // namespace millrace::workbench
