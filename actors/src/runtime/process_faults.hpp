#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "millrace/chaos/armed_fault.hpp"

namespace millrace::runtime {

/// Does what faults of the process do: takes its processors, memory and descriptors, lets it stand still, kills it.
/// Each has a thread of its own until it is over. Thread: any.
class process_faults {
public:
  /// The end of the process: what is taken is given back first.
  ~process_faults();

  void afflict(const std::shared_ptr<chaos::armed_fault>& fault);

private:
  struct affliction {
    std::shared_ptr<chaos::armed_fault> fault;
    std::thread work;
  };
  std::mutex mutex_;
  std::list<affliction> at_work_;
};

}  // namespace millrace::runtime
