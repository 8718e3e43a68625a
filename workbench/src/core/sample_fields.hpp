#pragma once

#include <QString>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace millrace::workbench {

/// Names and types that fit records in JSON, as `account:string,amount:float64?`: a field that some lack, or have null,
/// is optional; whole numbers are int64 unless some are none; what is neither text, number nor yes/no is left out.
/// Pure.
[[nodiscard]] std::string fieldsOf(const std::vector<nlohmann::json>& records);

}  // namespace millrace::workbench
