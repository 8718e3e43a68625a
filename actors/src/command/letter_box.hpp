#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command/running.hpp"
#include "millrace/engine/dead_letter_store.hpp"

namespace millrace::command {

/// The dead letters of a topology, wherever they are: in a data directory, or with whoever runs the topology. Errors:
/// those of the store, or of the way there. Thread: one.
class letter_box {
public:
  virtual ~letter_box() = default;

  /// All of them in order, until `visit` says false.
  [[nodiscard]] virtual result<void> for_each(const std::function<bool(const engine::kept_letter&)>& visit,
                                              const engine::letter_id* after) = 0;
  [[nodiscard]] virtual result<engine::kept_letter> find(const engine::letter_id& id) = 0;
  /// How many were dropped because the store was full, and the bytes it takes.
  [[nodiscard]] virtual result<engine::letter_totals> totals() = 0;
  /// Puts these contents in place of those letters'.
  [[nodiscard]] virtual result<void> fix(const std::vector<std::pair<engine::kept_letter, std::string>>& contents) = 0;
  [[nodiscard]] virtual result<void> request(const std::vector<engine::letter_id>& ids) = 0;
  [[nodiscard]] virtual result<void> discard(const std::vector<engine::letter_id>& ids) = 0;
};

/// Where letters are: `place` is a data directory, or the name of a topology that runs or that a node hosts; the latter
/// always with a key file.
struct letter_choice {
  std::string place{};
  running_choice run{};  ///< its name is not looked at
};
[[nodiscard]] result<std::unique_ptr<letter_box>> open_letters(const letter_choice& choice);

}  // namespace millrace::command
