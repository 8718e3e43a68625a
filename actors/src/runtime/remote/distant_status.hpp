#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "millrace/runtime/run_status.hpp"
#include "runtime/remote/status_report.hpp"

namespace millrace::runtime::remote {

/// What other nodes have told last of the tasks they host. Thread: one at a time.
class distant_status {
public:
  /// Reports of tasks that the node does not host are the caller's to leave out.
  void take(const std::string& node, status_report&& report, std::int64_t now_ns);
  /// Adds it to what is known here. What was under way goes on growing while a node is silent.
  void add_to(run_status& out, std::int64_t now_ns) const;

private:
  struct told {
    std::int64_t at_ns = 0;
    status_report report;
  };
  std::map<std::string, told> nodes_;
};

}  // namespace millrace::runtime::remote
