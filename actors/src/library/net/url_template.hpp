#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// An address with fields in it: `https://host/users/{account}?at={at}`. What a field holds is escaped, so that it
/// stays within its place; host and scheme are never a field's. Thread: any.
class url_template {
public:
  url_template() = default;
  /// Errors name the parameter `url` and the fields there are.
  [[nodiscard]] static result<url_template> parse(const std::string& text, const schema& fields);
  [[nodiscard]] std::string of(const record_view& record) const;

private:
  struct piece {
    std::string text;  ///< before the field
    std::int64_t field = -1;
  };
  std::vector<piece> pieces_;
};

}  // namespace millrace::library
