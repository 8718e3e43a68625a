#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/topology.hpp"
#include "sample_actors.hpp"

namespace sample {

/// Producers fully meshed with keyed partitions, the shape in which alignment matters.
struct mesh_shape {
  std::uint32_t producers = 2;
  std::uint32_t partitions = 4;
  std::int64_t count = 600;  ///< readings a producer
  std::int64_t keys = 23;
  std::chrono::milliseconds snapshot_interval{10};
};

[[nodiscard]] millrace::topology mesh(const mesh_shape& shape);
/// The plan of a topology that must be right; fails the program with its problems otherwise.
[[nodiscard]] std::shared_ptr<const millrace::engine::plan> plan_of(const millrace::topology& t);

/// What the sink must hold in the end, computed from the readings without the engine; sorted.
[[nodiscard]] std::vector<outcome> expected_output(const mesh_shape& shape);
/// The same for given readings, a list for each source.
[[nodiscard]] std::vector<outcome> expected_of(const std::vector<std::vector<reading>>& sources);
[[nodiscard]] std::vector<outcome> sorted(std::vector<outcome> all);
[[nodiscard]] std::string text_of(const outcome& o);

/// Empty when both are the same multiset, else what is lost, repeated or wrong, shortened.
[[nodiscard]] std::string difference(const std::vector<outcome>& expected, const std::vector<outcome>& got);
/// Empty when the events of each key and source come in the order they were produced in.
[[nodiscard]] std::string disorder_in(const std::vector<outcome>& output);

}  // namespace sample
