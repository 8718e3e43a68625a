#pragma once

#include <memory>

#include "millrace/convert.hpp"
#include "millrace/key.hpp"

namespace millrace::detail {

/// The key of `wanted` for batches that `wanted` cannot read yet: of another record type, as they pass a router before
/// the keyed input converts them. By field names where that gives the same key; else records are converted to find it.
[[nodiscard]] key_ptr key_before(const key_ptr& wanted, const record_type_ptr& passing,
                                 const std::shared_ptr<const converter>& to_input);

}  // namespace millrace::detail
