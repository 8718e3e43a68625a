#pragma once

#include <QStringList>
#include <atomic>
#include <cstdint>
#include <string>

#include "millrace/topology.hpp"

namespace millrace::test {

/// Actors of a topology whose input a test lets through bit by bit: trial.ticks -> millrace.by_key -> trial.stamp ->
/// a sink. Output: one row for each tick, with how many of its key there were and what `limit` was.
struct steered {
  static constexpr std::int64_t keys = 20;
  /// trial.stamp writes into the log at each tick whose number this divides.
  static constexpr std::int64_t milestone = 117;
  /// Ticks that may be emitted, over all partitions and runs.
  static std::atomic<std::int64_t>& allowed();
  /// trial.stamp keeps texts instead of numbers under the same name.
  static std::atomic<bool>& keeps_texts();

  /// The handler of trial.stamp that gets this tick hangs, once, until `let_go`. -1: none.
  static std::atomic<std::int64_t>& hangs_at();
  static void let_go();

  /// `count` ticks at most; two partitions of trial.stamp. The sink `save` is yet to be added.
  [[nodiscard]] static topology input(const std::string& name, std::int64_t count);
  /// With a file sink.
  [[nodiscard]] static topology to_files(const std::string& name, std::int64_t count, const std::string& folder);
  /// What is to come out of the first `count` ticks where `limit` was never changed, sorted.
  [[nodiscard]] static QStringList oracle(std::int64_t count);
};

}  // namespace millrace::test
