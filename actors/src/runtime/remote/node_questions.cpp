#include "runtime/remote/node_questions.hpp"

#include <utility>

namespace millrace::runtime::remote {

result<void> node_questions::ask(const std::string& node, const std::string& question, answered done) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    number = ++last_;
    // Before it is asked: the answer may be here before this returns.
    waiting_.emplace(number, waiting{node, std::move(done)});
    if (waiting_.size() > waiting_max) waiting_.erase(waiting_.begin());
  }
  auto told = tell_(node, number, question);
  if (told) return told;
  const std::lock_guard lock{mutex_};
  waiting_.erase(number);
  return told;
}

void node_questions::on_answer(const std::string& node, std::uint64_t number, std::string&& answer) {
  answered done;
  {
    const std::lock_guard lock{mutex_};
    const auto found = waiting_.find(number);
    if (found == waiting_.end() || found->second.node != node) return;
    done = std::move(found->second.done);
    waiting_.erase(found);
  }
  done(std::move(answer));
}

}  // namespace millrace::runtime::remote
