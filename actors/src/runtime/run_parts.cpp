#include "runtime/run_parts.hpp"

#include <algorithm>
#include <filesystem>

#include "millrace/persistence/data_folder.hpp"
#include "millrace/persistence/event_log.hpp"
#include "millrace/persistence/segment_spill.hpp"
#include "millrace/persistence/state_backend.hpp"
#include "millrace/producer.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime {

namespace {

bool is_logged(const engine::plan& p, task_id task) {
  const auto behavior = p.instantiate(task);
  return behavior->kind() == actor_kind::producer &&
         static_cast<const producer&>(*behavior).replays() == replay::logged;
}

}  // namespace

system_config::system_config(std::size_t threads) {
  // The default (stealing) policy leaves woken actors waiting while producers keep a worker busy.
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", scheduler_threads(threads));
  // A task that always has something to do (it loads its state, it catches up) would else keep its thread from all
  // others: it writes to itself, and by default an actor goes on while its mailbox has anything.
  set("scheduler.max-throughput", std::size_t{1});
}

result<std::unique_ptr<engine::event_log>> open_log(const engine::plan& p, const std::string& data_dir,
                                                    const task_filter& which) {
  const bool is_needed = std::ranges::any_of(p.tasks, [&](const auto& t) { return which(t.id) && is_logged(p, t.id); });
  if (!is_needed) return std::unique_ptr<engine::event_log>{};
  return persistence::open_event_log(data_dir);
}

result<std::shared_ptr<engine::state_backend>> open_spills(const engine::plan& p, const std::string& data_dir) {
  const bool is_needed =
      std::ranges::any_of(p.spec.actors, [](const actor_spec& a) { return a.state.place == state_place::disk; });
  if (!is_needed) return std::shared_ptr<engine::state_backend>{};
  return persistence::open_state_backend(std::filesystem::path{data_dir} / "spill");
}

std::shared_ptr<engine::frame_spill> open_retained_disk(run_shared& shared) {
  const auto& o = shared.options;
  if (o.retained_bytes_max == 0 || o.retained_disk_bytes_max == 0 || o.where.nodes) return nullptr;
  constexpr auto segment_bytes = std::uint64_t{16} << 20;
  auto disk = persistence::open_segment_spill(std::filesystem::path{o.data_dir} / "retained", segment_bytes,
                                              persistence::scratch_reserve_bytes(o.data_dir));
  if (!disk) {
    shared.log(log_level::warning, "what is sent is kept in memory alone: " + disk.error().message);
    return nullptr;
  }
  return std::make_shared<engine::frame_spill>(
      std::move(*disk), engine::frame_spill::limits{.bytes_max = o.retained_disk_bytes_max}, shared.time,
      [&shared](const std::string& what) { shared.log(log_level::warning, what); });
}

}  // namespace millrace::runtime
