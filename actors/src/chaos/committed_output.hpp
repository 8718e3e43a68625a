#pragma once

#include <string>
#include <vector>

#include "millrace/chaos/output_comparison.hpp"
#include "millrace/error.hpp"

namespace millrace::chaos {

/// What a file sink has committed in `folder`, in the order of its segments: CSV with a header, or a JSON object a
/// line. `key`: the column or field that holds the key; empty: the records have none. Errors: a file that cannot be
/// read, a key that is not there, files of another kind, more than 20 million records.
[[nodiscard]] result<std::vector<output_record>> read_committed(const std::string& folder, const std::string& key);

}  // namespace millrace::chaos
