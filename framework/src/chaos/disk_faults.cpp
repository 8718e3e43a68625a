#include "millrace/chaos/disk_faults.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

#include "millrace/engine/fault_point.hpp"

namespace millrace::chaos {

namespace {

/// What is done at a place.
enum class act : std::uint8_t {
  write,   ///< and what follows does not make it durable
  settle,  ///< written, and made durable next
  piece,   ///< written by a call that may stop half-way
  read,
};

struct stored_place {
  std::string_view part;
  std::string_view point;
  act what;
};

constexpr std::array places{
    stored_place{"snapshot", "snapshot.chunk_write", act::write},
    stored_place{"snapshot", "snapshot.before_manifest", act::settle},
    stored_place{"snapshot", "snapshot.read", act::read},
    stored_place{"log", "log.append", act::settle},
    stored_place{"letters", "letters.put", act::settle},
    stored_place{"letters", "letters.piece", act::piece},
    stored_place{"sink", "sink.piece", act::piece},
    stored_place{"sink", "sink.staging", act::settle},
    stored_place{"sink", "sink.table_put", act::settle},
    stored_place{"sink", "sink.before_rename", act::settle},
};

bool concerns(fault_kind k, act what) noexcept {
  if (k == fault_kind::corrupt_read || what == act::read) return k == fault_kind::corrupt_read && what == act::read;
  if (k == fault_kind::sync_failure) return what == act::settle;
  return what != act::piece || k == fault_kind::short_write;
}

engine::fault_action action_of(fault_kind k) noexcept {
  switch (k) {
    case fault_kind::disk_full:
      return engine::fault_action::full;
    case fault_kind::short_write:
      return engine::fault_action::half;
    case fault_kind::corrupt_read:
      return engine::fault_action::damage;
    default:
      return engine::fault_action::fail;
  }
}

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
  const auto* const place = std::ranges::find(places, std::string_view{point}, &stored_place::point);
  if (place == places.end()) return engine::fault_action::proceed;
  for (const auto& f : active_now()) {
    if (std::ranges::find(f->places().names, place->part) == f->places().names.end()) continue;
    if (!concerns(f->kind(), place->what)) continue;
    if (!f->strikes(0, 0)) continue;
    if (f->kind() == fault_kind::disk_slow) {
      f->wait(f->parameter_ns("delay_ms"));
    } else {
      return action_of(f->kind());
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
