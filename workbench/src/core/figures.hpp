#pragma once

#include <QString>
#include <QStringList>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/actor_kind.hpp"
#include "core/task_health.hpp"

namespace millrace::workbench {

/// The newest values of something, oldest first; older ones fall off. Fixed size: telemetry of days takes no more.
class Trail {
public:
  static constexpr std::size_t sizeMax = 60;
  void add(float value) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return m_size; }
  [[nodiscard]] float at(std::size_t i) const noexcept;
  [[nodiscard]] float largest() const noexcept;

private:
  std::array<float, sizeMax> m_values{};
  std::size_t m_first = 0, m_size = 0;
};

/// What is known of one actor, all partitions together. Rates are events per second, shares from 0 to 1 and those of
/// the worst partition.
struct ActorFigures {
  QString state;  ///< of the task that is worst off: running, blocked, idle, …
  Health health = Health::Idle;
  ActorKind kind = ActorKind::Processor;
  int partitions = 0;
  double inPerS = 0, outPerS = 0;
  double busy = 0, blocked = 0, fill = 0;  ///< fill: of the credit of its outputs
  double deadLetters = 0, retries = 0, late = 0, stateBytes = 0;
  std::optional<double> backlog;   ///< producers: events still to read
  std::optional<double> lagMs;     ///< behind the clock; producers: none when their times are not of these days
  std::optional<double> behindMs;  ///< event time behind the most advanced producer
  bool isMuted = false;            ///< what it sends is dropped
  std::map<int, QString> nodes;    ///< by partition: where it runs, when that is not where the topology was given to
  QString condition;  ///< of the task with the worst health, when that is not as it should be: restoring …
  std::vector<std::shared_ptr<const TaskHealth>> tasks;  ///< by partition; empty: the engine tells no health
  std::optional<double> latencyP50, latencyP99;          ///< sinks: ms, from entering the topology
  Trail rates;                                           ///< what it takes in, or gives out when it takes nothing in

  [[nodiscard]] double rate() const noexcept { return inPerS > 0 ? inPerS : outPerS; }
};

/// One hosted topology as its engine sees it.
struct RunFigures {
  QString state;    ///< starting, running, restoring, stopping, stopped, finished, failed
  QString message;  ///< why it failed
  double uptimeS = 0;
  std::uint64_t restarts = 0, snapshots = 0, lastEpoch = 0;
  double snapshotAgeS = 0, snapshotMs = 0;
  QStringList notes;
  std::vector<RecoveryNote> recoveries;  ///< that are over, oldest first
  std::map<std::string, ActorFigures> actors;

  [[nodiscard]] bool isActive() const;
  [[nodiscard]] bool isPaused() const { return state == QLatin1String("paused"); }
  /// Of all actors, the worst.
  [[nodiscard]] Health health() const;
  /// Of all actors together.
  [[nodiscard]] double deadLetters() const;
};

/// Reads what an engine's `telemetry` topic carries: a list of statuses, by topology. What cannot be read is left out.
/// `before`: trails go on from there. Pure; bounded by the message's own limit. Thread: any.
[[nodiscard]] std::map<std::string, RunFigures> readFigures(const nlohmann::json& statuses,
                                                            const std::map<std::string, RunFigures>& before);

/// How the tasks of an actor are, and what they were before: a line each, the newest first. Empty: nothing to tell.
[[nodiscard]] QString healthText(const ActorFigures& figures);

// Texts for people: short, with units; they fit a node.
[[nodiscard]] QString countText(double count);  ///< 950, 21.2k, 3.4M
[[nodiscard]] QString timesText(double count);  ///< once, 484 times
/// 1 task, 12 tasks. `one`: a word whose plural ends in s.
[[nodiscard]] QString numberText(double count, const QString& one);
[[nodiscard]] QString rateText(double perSecond);      ///< 21.2k/s
[[nodiscard]] QString millisecondsText(double value);  ///< 7 ms, 1.2 s, 3 min, 5 h, 2 d
[[nodiscard]] QString bytesText(double bytes);         ///< 12 KiB

}  // namespace millrace::workbench
