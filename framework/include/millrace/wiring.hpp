#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "millrace/record.hpp"
#include "millrace/schema.hpp"
#include "millrace/typed_batch.hpp"

namespace millrace {

/// What an actor learns about its place in a topology while it is configured. Thread: validation, or the owning task.
class wiring {
public:
  wiring(std::map<std::string, std::shared_ptr<const record_type>> inputs, std::string base_folder)
      : inputs_{std::move(inputs)}, base_folder_{std::move(base_folder)} {}

  /// The record type that arrives at an input; nullptr when nothing is connected or upstream has errors.
  [[nodiscard]] std::shared_ptr<const record_type> input_type(const std::string& port) const {
    const auto at = inputs_.find(port);
    return at == inputs_.end() ? nullptr : at->second;
  }
  /// The folder relative paths of the topology start from.
  [[nodiscard]] const std::string& base_folder() const noexcept { return base_folder_; }

private:
  std::map<std::string, std::shared_ptr<const record_type>> inputs_;
  std::string base_folder_;
};

}  // namespace millrace
