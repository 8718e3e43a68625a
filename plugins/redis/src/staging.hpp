#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection.hpp"
#include "millrace/ids.hpp"

namespace millrace::redis {

/// Events of one partition on their way into a stream, each once, whatever dies in between.
///
/// They lie in a list beside the stream first, numbered from 1 on: what has been moved, which a ledger counts, and
/// behind it what the list holds. Adding says which number comes next, so that doing it twice adds once; moving takes
/// the front of the list, adds it to the stream and counts it in one script, which Redis does as a whole or not at all.
/// Thread: one owner.
class staging {
public:
  staging() = default;
  staging(std::string stream, const std::string& actor, std::uint32_t partition, std::int64_t max_length);

  /// Reads how much has been moved. Errors: something has, and this run starts from the beginning (`already_exists`);
  /// the ledger has no number there (`corrupt`).
  [[nodiscard]] result<void> open(connection& server, bool from_the_beginning);
  /// Adds MessagePack arrays of texts; the first has number `first`.
  [[nodiscard]] result<void> add(connection& server, std::uint64_t first,
                                 const std::vector<std::string>& entries) const;
  /// Moves everything up to number `last` into the stream. Error (`corrupt`): the list no longer has it.
  [[nodiscard]] result<void> move(connection& server, std::uint64_t last, epoch_id epoch);
  /// Forgets what is in the list.
  [[nodiscard]] result<void> discard(connection& server) const;
  /// Number of the last event moved.
  [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }
  /// The newest epoch moved when the ledger was read; 0: none.
  [[nodiscard]] epoch_id newest() const noexcept { return newest_; }

private:
  std::string stream_;
  std::string list_;
  std::string ledger_;
  std::string part_;
  std::int64_t max_length_ = 0;
  std::uint64_t moved_ = 0;
  epoch_id newest_{};
};

}  // namespace millrace::redis
