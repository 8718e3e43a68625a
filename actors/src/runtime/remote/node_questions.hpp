#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "millrace/error.hpp"

namespace millrace::runtime::remote {

/// What the leading node asks others about the tasks they run, and whose answer goes to whom. Nobody waits: the answer
/// comes when it comes, or not at all. Of questions without an answer only the newest are kept. Thread: any.
class node_questions {
public:
  static constexpr std::size_t waiting_max = 256;
  using answered = std::function<void(std::string&& answer)>;

  /// Takes a question to a node; does not wait.
  using teller =
      std::function<result<void>(const std::string& node, std::uint64_t number, const std::string& question)>;
  explicit node_questions(teller tell) : tell_{std::move(tell)} {}

  /// `done` is called once at most, on any thread, which it must not hold up. Error: the node cannot be asked now.
  [[nodiscard]] result<void> ask(const std::string& node, const std::string& question, answered done);
  /// Answers nobody waits for, and those of another node than the one that was asked, are passed over.
  void on_answer(const std::string& node, std::uint64_t number, std::string&& answer);

private:
  struct waiting {
    std::string node;
    answered done;
  };
  const teller tell_;
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, waiting> waiting_;
};

}  // namespace millrace::runtime::remote
