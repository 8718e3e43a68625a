#include "millrace/batch.hpp"

#include <string>

#include "millrace/check.hpp"
#include "millrace/detail/typed_record_type.hpp"

namespace millrace {

batch_ptr batch_builder::seal(batch* made, std::size_t payload_bytes) {
  MILLRACE_CHECK(key_hashes_.empty() || key_hashes_.size() == size_,
                 "a batch has a key hash for every record or for none");
  if (late_against_ != event_time::min()) {
    const auto goes_on = late_against_;
    close_late();
    late_against_ = goes_on;
    late_from_ = 0;
  }
  if (!late_marks_.empty()) made->late_marks_ = std::exchange(late_marks_, {});
  made->size_ = std::exchange(size_, 0);
  made->bytes_ = payload_bytes;
  if (!key_hashes_.empty()) {
    made->key_hashes_ = std::exchange(key_hashes_, {});
  }
  return batch_ptr::adopt(made);
}

void batch_builder::close_late() {
  for (auto row = late_from_; row < size_; ++row) late_marks_.push_back({row, late_against_});
  late_against_ = event_time::min();
}

void batch_builder::mark_late(const batch_ptr& fresh, std::vector<late_mark> marks) {
  MILLRACE_CHECK(fresh->references_.load(std::memory_order_relaxed) == 1, "only a fresh batch can be marked");
  const_cast<batch&>(*fresh).late_marks_ = std::move(marks);
}

namespace detail {

error bad_record(const schema& s, std::uint32_t row, std::size_t offset, std::size_t size) {
  return fatal_error(errc::corrupt, "record " + std::to_string(row) + " of " + s.name + " does not follow version " +
                                        std::to_string(s.version) + " of its schema, at byte " +
                                        std::to_string(offset) + " of " + std::to_string(size));
}

result<void> check_count(msgpack::reader& r, const schema& s, std::uint32_t count) {
  std::uint32_t found = 0;
  if (!r.array(found)) return fatal_error(errc::corrupt, "a batch of " + s.name + " does not start with an array");
  if (found == count) return {};
  return fatal_error(errc::corrupt, "a batch of " + s.name + " holds " + std::to_string(found) + " records where " +
                                        std::to_string(count) + " were announced");
}

error trailing_bytes(const schema& s, std::size_t extra) {
  return fatal_error(errc::corrupt, std::to_string(extra) + " bytes behind the last record of a batch of " + s.name);
}

}  // namespace detail
}  // namespace millrace
