#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/ids.hpp"

namespace millrace {

/// What a sink makes of an event that is written twice because of a recovery.
enum class delivery : std::uint8_t {
  transactional,  ///< output becomes visible with its snapshot, once
  idempotent,     ///< writing the same again changes nothing
  at_least_once,  ///< a recovery may write events again
};
[[nodiscard]] const char* to_string(delivery d) noexcept;

/// Takes events out of a topology. A transactional one overrides `prepare`, `commit` and `recover`.
///
/// Protocol: handlers write; at barrier n `prepare(n)` makes what was written since the last barrier durable but
/// invisible and returns a handle, which becomes part of snapshot n; once snapshot n is complete, `commit` makes it
/// visible. After a crash `recover` gets every handle of the restored snapshot: roll those forward, undo all else. What
/// these three throw counts as an error they return.
class sink : public actor {
public:
  [[nodiscard]] actor_kind kind() const noexcept final { return actor_kind::sink; }
  [[nodiscard]] virtual delivery delivers() const noexcept { return delivery::at_least_once; }
  /// Can take back what was committed after an older snapshot (needed when the newest one turns out damaged).
  [[nodiscard]] virtual bool can_withdraw() const noexcept { return false; }

  /// Durable when it returns; an empty handle means nothing was written. An error aborts the snapshot.
  [[nodiscard]] virtual result<std::string> prepare(context&, epoch_id) { return std::string{}; }
  /// Makes a prepared handle visible. Idempotent. An error fails the task.
  [[nodiscard]] virtual result<void> commit(context&, epoch_id, const std::string& /*handle*/) { return {}; }

  struct prepared {
    epoch_id epoch;
    std::string handle;
  };
  /// Called once before `open`, also on a first start (with epoch 0 and nothing prepared): commits `handles`, withdraws
  /// what is newer than `restored`.
  [[nodiscard]] virtual result<void> recover(context&, epoch_id /*restored*/,
                                             const std::vector<prepared>& /*handles*/) {
    return {};
  }
};

}  // namespace millrace
