#include "testing/simulated_letters.hpp"

namespace millrace::testing {

result<void> simulated_letters::put(const engine::plan& p, const std::vector<engine::task_snapshot>& parts) {
  for (const auto& part : parts) {
    for (const auto& l : part.letters) {
      auto letters = engine::letters_in(l.block.view(), l.block.count);
      if (!letters) return std::move(letters).error();
      auto number = l.first;
      for (auto& letter : *letters) of_task_[p.task_name(part.task)][number++] = std::move(letter);
    }
  }
  return {};
}

void simulated_letters::go_back(const engine::plan& p, const engine::restore_point& point) {
  for (const auto& t : p.tasks) {
    const auto name = p.task_name(t.id);
    const auto meta = point.metas.find(name);
    const auto covered = meta == point.metas.end() ? 0 : engine::letter_counters_in(meta->second.view()).letters;
    auto& letters = of_task_[name];
    letters.erase(letters.lower_bound(covered), letters.end());
  }
}

std::vector<dead_letter> simulated_letters::all() const {
  std::vector<dead_letter> out;
  for (const auto& [task, letters] : of_task_) {
    for (const auto& [number, letter] : letters) out.push_back(letter);
  }
  return out;
}

}  // namespace millrace::testing
