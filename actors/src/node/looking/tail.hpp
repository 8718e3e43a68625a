#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "inspect/sample_writer.hpp"
#include "millrace/inspect/watch_board.hpp"

namespace millrace::node {

/// What one client sees of the records on some channels: so many a second at most, those that fit, chosen evenly among
/// what its tap kept, with counts of all that is not shown.
///
/// Thread: one at a time.
class tail {
public:
  static constexpr double rate_max = 200;  ///< samples a second
  static constexpr double rate_usual = 20;
  /// The client asks several times a second; when it does so no more, its tap goes.
  static constexpr std::chrono::nanoseconds lease = std::chrono::seconds{10};

  /// What the client asks for.
  struct choice {
    std::vector<channel_id> channels;
    std::string filter;  ///< empty: all records
    double rate = rate_usual;
  };
  /// Of the arguments of `tail_open`. Errors are the user's.
  [[nodiscard]] static result<choice> read_choice(const engine::plan& plan, const nlohmann::json& args);

  /// All channels lead to tasks of this process. The board outlives it, the plan too. Errors are the user's.
  [[nodiscard]] static result<std::unique_ptr<tail>> open(inspect::watch_board& board, const engine::plan& plan,
                                                          const inspect::condition_maker& conditions, const choice& c);
  ~tail();
  tail(const tail&) = delete;
  tail& operator=(const tail&) = delete;

  /// What is shown once, of all the channels chosen.
  [[nodiscard]] static nlohmann::json describe(const engine::plan& plan, const choice& c);
  /// Samples since the last call, and counts.
  [[nodiscard]] nlohmann::json read();
  [[nodiscard]] bool is_over() const noexcept { return tap_->is_over(); }

private:
  struct watched {
    inspect::sample_writer writer;
    std::shared_ptr<inspect::record_condition> when;  // null: all records
  };
  struct place {
    const inspect::glimpse* batch = nullptr;
    std::uint32_t row = 0;
  };
  struct counts {
    std::uint64_t passed = 0;    // went by
    std::uint64_t examined = 0;  // of those were looked at
    std::uint64_t matched = 0;   // of those fit
    std::uint64_t failures = 0;  // of those examined: the filter could not be worked out
    std::string failure{};
  };
  tail(inspect::watch_board& board, std::shared_ptr<const engine::clock> time, double rate)
      : board_{board}, time_{std::move(time)}, rate_{rate} {}
  [[nodiscard]] std::vector<place> fitting(const std::vector<inspect::glimpse>& kept, counts& of);
  void find_in(const inspect::glimpse& g, watched& w, std::vector<place>& found, counts& of) const;
  [[nodiscard]] std::size_t allowance();
  [[nodiscard]] nlohmann::json show(const std::vector<place>& chosen);

  inspect::watch_board& board_;
  const std::shared_ptr<const engine::clock> time_;
  const double rate_;
  std::shared_ptr<inspect::tap> tap_;
  std::map<channel_id, watched> channels_;
  double saved_ = 1;  // samples that may be shown at once
  std::int64_t saved_at_ = 0;
};

}  // namespace millrace::node
