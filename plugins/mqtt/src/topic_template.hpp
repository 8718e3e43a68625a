#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace::mqtt {

/// A topic with fields in it: `plant/{line}/temperature`. Thread: any.
class topic_template {
public:
  topic_template() = default;
  /// Errors name the parameter `topic` and the fields there are.
  [[nodiscard]] static result<topic_template> parse(const std::string& text, const schema& fields);

  /// Throws std::runtime_error when a field is null, or what comes out is no topic.
  [[nodiscard]] std::string of(const record_view& record) const;

private:
  struct piece {
    std::string text;  ///< before the field
    std::optional<std::uint32_t> field{};
  };
  std::vector<piece> pieces_;
};

}  // namespace millrace::mqtt
