#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dead_letter.hpp"
#include "millrace/testing/collected.hpp"
#include "millrace/testing/faults.hpp"
#include "millrace/testing/simulation.hpp"
#include "millrace/topology.hpp"
#include "millrace/typed_batch.hpp"

namespace millrace::testing {

/// How a scripted producer behaves.
struct feed_options {
  /// How far event times run behind the newest one; none: what the producer it stands for says.
  std::optional<std::chrono::nanoseconds> disorder{};
  /// Virtual time between two polls; none: so long that a run sees about a dozen snapshots, however little the input.
  std::optional<std::chrono::nanoseconds> pause{};
};

/// One run of a topology: the order of everything comes from the seed.
struct run_options {
  std::uint64_t seed = 1;
  fault_plan faults{};
  payload batches = payload::shared;
  std::uint32_t batch_events = 16;  ///< small, so that little input makes many batches
  std::optional<engine::credit_window> credit{};
  std::uint64_t steps_max = 5'000'000;
  std::function<void(const engine::frame&)> on_frame{};
  engine::protections protect{};  ///< negative controls only
};

/// What a run came to.
struct run_result {
  bool finished = false;  ///< all input was handled and the last snapshot is complete
  std::string message;    ///< why not
  std::map<std::string, collected> sinks;
  /// Events given up and inputs set aside, each once, in order of actors and partitions: those whose output `dead` no
  /// stream takes.
  std::vector<dead_letter> dead_letters;
  std::vector<std::uint64_t> hits;  ///< faults that had an effect, by kind
  std::uint64_t trace = 0;          ///< equal for equal runs
  std::uint64_t steps = 0;
  std::uint64_t snapshots = 0;  ///< since the last crash
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;  ///< of regions
  std::vector<std::string> log;

  /// What a sink got; throws std::out_of_range when it was not collected.
  [[nodiscard]] const collected& at(const std::string& sink) const { return sinks.at(sink); }
  template <record T>
  [[nodiscard]] std::vector<T> records(const std::string& sink) const {
    return at(sink).as<T>();
  }
};

/// Runs a topology in the deterministic simulation with input a test wrote down, and collects what comes out.
///
/// The problem: a topology reads devices and writes files, and a test wants to give it vectors and look at vectors.
/// Producers that are fed are replaced by a script, sinks by one that collects; all between runs as it is, with the
/// live engine's tasks, alignment, windows and recovery. Actors that are replaced need not be linked into the test, nor
/// do the routers `millrace.by_key`, `.round_robin` and `.broadcast`.
///
///     topology_harness h{fraud_topology()};
///     h.feed("payments", std::vector<Payment>{…});
///     const auto alerts = h.run().records<Alert>("alerts");
///
/// Thread: one owner; one run at a time.
class topology_harness {
public:
  explicit topology_harness(topology t);
  topology_harness(topology_harness&&) noexcept;
  topology_harness& operator=(topology_harness&&) noexcept;
  ~topology_harness();

  /// What a producer emits, partition by partition, which is then its parallelism. `port`: "actor" or "actor.port".
  template <record T>
  topology_harness& feed(const std::string& port, const std::vector<std::vector<T>>& partitions, feed_options o = {}) {
    std::vector<batch_ptr> batches;
    for (const auto& p : partitions) batches.push_back(batch_of(p));
    return feed(port, record_type_of<T>(), std::move(batches), o);
  }
  /// As above, dealt out in turn over as many partitions as the topology gives the producer.
  template <record T>
  topology_harness& feed(const std::string& port, const std::vector<T>& all, feed_options o = {}) {
    std::vector<std::vector<T>> partitions(parallelism_of(port));
    for (std::size_t i = 0; i < all.size(); ++i) partitions[i % partitions.size()].push_back(all[i]);
    return feed(port, partitions, o);
  }
  /// As above, with records of any type: one batch a partition.
  topology_harness& feed(const std::string& port, record_type_ptr type, std::vector<batch_ptr> partitions,
                         feed_options o = {});

  /// Lets a sink run as it is, instead of collecting.
  topology_harness& keep(const std::string& sink);
  /// Also collects an output nobody listens to, e.g. "check.dead"; what it got stands under the sink "check_dead".
  topology_harness& collect(const std::string& port);
  /// How the sink's output compares between runs, instead of as validation says.
  topology_harness& compare(const std::string& sink, comparison as);
  /// Time between snapshots, in virtual time; 10 ms when not called, because little input takes little time.
  topology_harness& snapshot_every(std::chrono::milliseconds interval);

  /// Runs from the first record to the end of all input. Throws std::invalid_argument with every problem when the
  /// topology, as replaced, does not validate.
  [[nodiscard]] run_result run(const run_options& o = {}) const;
  /// What runs: the topology with its replacements. Throws as `run`.
  [[nodiscard]] const engine::plan& plan() const;
  /// Empty when both runs have the same output, in the sense validation says for each sink; else what differs.
  [[nodiscard]] std::string difference(const run_result& expected, const run_result& got) const;

private:
  struct parts;

  template <record T>
  [[nodiscard]] static batch_ptr batch_of(const std::vector<T>& all) {
    typed_builder<T> b{static_cast<std::uint32_t>(all.size())};
    for (const auto& r : all) b.push(r);
    return b.finish();
  }
  [[nodiscard]] std::size_t parallelism_of(const std::string& port) const;

  std::unique_ptr<parts> parts_;
};

}  // namespace millrace::testing
