#pragma once

#include <memory>

#include "millrace/chaos/armed_fault.hpp"

namespace millrace::chaos {

/// Lets a disk fault strike at the fault points of what is stored. Fault points are the process's: so is the fault.
/// Thread: any.
void afflict_disk(const std::shared_ptr<armed_fault>& fault);

}  // namespace millrace::chaos
