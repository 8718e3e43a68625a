#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/key.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"

namespace millrace::engine {

/// What one partition collected of a key, on its way to the one that merges.
struct partial {
  std::vector<std::byte> key;  ///< canonical
  std::int64_t state = 0;      ///< which of the actor's mergeable states
  std::int64_t at = 0;         ///< what the state makes of it
  std::vector<std::byte> content;
};
MILLRACE_RECORD(partial, 1, key, state, at, content)

/// What is added to an actor's name for its collecting half, and for the router between the halves.
inline constexpr const char* collecting_suffix = "-partial";
inline constexpr const char* gathering_suffix = "-gather";
/// What both ends of the way are called.
inline constexpr const char* partials_port = "partials";

/// The input of the partition that merges. Its key is that of the inputs whose events were collected.
class partials_input final : public input_base {
public:
  explicit partials_input(actor* owner);
  [[nodiscard]] accepts what() const noexcept override { return accepts::typed; }
  [[nodiscard]] std::shared_ptr<const record_type> type() const override { return record_type_of<partial>(); }
  void process(batch_run& run) override;
};

/// The key inside partial results, said to be that of `collected`.
[[nodiscard]] key_ptr partial_key(const key_extractor& collected);

}  // namespace millrace::engine
