#include "millrace/chaos/disk_faults.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

#include "millrace/engine/fault_point.hpp"

namespace millrace::chaos {

namespace {

struct written_place {
  std::string_view part;
  std::string_view point;
  bool is_durable_after;  ///< what follows makes it durable
};

constexpr std::array places{
    written_place{"snapshot", "snapshot.chunk_write", false},
    written_place{"snapshot", "snapshot.before_manifest", true},
    written_place{"log", "log.append", true},
    written_place{"letters", "letters.put", true},
    written_place{"sink", "sink.staging", true},
    written_place{"sink", "sink.table_put", true},
    written_place{"sink", "sink.before_rename", true},
};

// A fault hook is a plain function, so the faults it looks for are the process's.
std::mutex at_work_mutex;
std::vector<std::shared_ptr<armed_fault>>& at_work() {
  static std::vector<std::shared_ptr<armed_fault>> all;
  return all;
}

engine::fault_action meet(const char* point);

/// Those that are still active; the hook goes with the last of them.
std::vector<std::shared_ptr<armed_fault>> active_now() {
  const std::lock_guard lock{at_work_mutex};
  std::erase_if(at_work(), [](const auto& f) { return !f->is_active(); });
  if (at_work().empty()) engine::remove_fault_hook(meet);
  return at_work();
}

engine::fault_action meet(const char* point) {
  const auto* const place = std::ranges::find(places, std::string_view{point}, &written_place::point);
  if (place == places.end()) return engine::fault_action::proceed;
  for (const auto& f : active_now()) {
    if (std::ranges::find(f->places().names, place->part) == f->places().names.end()) continue;
    if (f->kind() == fault_kind::sync_failure && !place->is_durable_after) continue;
    if (!f->strikes(0, 0)) continue;
    if (f->kind() == fault_kind::disk_slow) {
      f->wait(f->parameter_ns("delay_ms"));
    } else {
      return f->kind() == fault_kind::disk_full ? engine::fault_action::full : engine::fault_action::fail;
    }
  }
  return engine::fault_action::proceed;
}

}  // namespace

void afflict_disk(const std::shared_ptr<armed_fault>& fault) {
  const std::lock_guard lock{at_work_mutex};
  at_work().push_back(fault);
  engine::install_fault_hook(meet);
}

}  // namespace millrace::chaos
