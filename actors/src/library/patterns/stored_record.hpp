#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/value.hpp"

namespace millrace::library {

/// A dynamic record that outlives its batch: what a key keeps until the watermark and its matches are done with it.
/// Copies share one immutable content, so every partial match of every rule costs a reference. Thread: any.
class stored_record {
public:
  stored_record() = default;
  explicit stored_record(const record_view& record);
  /// Copies what texts and bytes are views of.
  explicit stored_record(std::vector<value> values);

  /// A field; null when there is no such field, as in records of an older schema.
  [[nodiscard]] value field(std::uint32_t index) const noexcept {
    return content_ == nullptr || index >= content_->values.size() ? value{} : content_->values[index];
  }

private:
  friend struct codec<stored_record>;
  struct content {
    std::vector<value> values;
    byte_buffer bytes;  ///< what texts and bytes are views into
  };
  std::shared_ptr<const content> content_;
};

}  // namespace millrace::library

namespace millrace {

/// A record describes itself, so that its bytes can be read whatever the schema is by then.
template <>
struct codec<library::stored_record> {
  static void encode(msgpack::writer& w, const library::stored_record& in);
  static bool decode(msgpack::reader& r, library::stored_record& out);
};

}  // namespace millrace
