#pragma once

#include <functional>
#include <span>

namespace CLI {
class App;
}

namespace millrace::command {

/// What the command line asked for, to be done after all of it was read; returns the exit code.
using action = std::function<int()>;

/// A verb of the command. Each lives in a file of its own and stands in the table in verbs.cpp.
struct verb {
  const char* name;
  const char* help;
  /// Declares options and sub-verbs on `app`; when the verb is parsed, it puts what to do into `chosen`, which outlives
  /// the app.
  void (*declare)(CLI::App& app, action& chosen);
};

/// The verbs of `millrace`, in the order of its help.
[[nodiscard]] std::span<const verb> verbs();

void declare_run(CLI::App& app, action& chosen);
void declare_validate(CLI::App& app, action& chosen);
void declare_actor(CLI::App& app, action& chosen);
void declare_snapshot(CLI::App& app, action& chosen);
void declare_savepoint(CLI::App& app, action& chosen);
void declare_state(CLI::App& app, action& chosen);
void declare_deadletter(CLI::App& app, action& chosen);
void declare_table(CLI::App& app, action& chosen);
void declare_topology(CLI::App& app, action& chosen);
/// Of `topology`: look into channels, and stop tasks there.
void declare_tail(CLI::App& app, action& chosen);
void declare_break(CLI::App& app, action& chosen);
void declare_stepping(CLI::App& app, action& chosen);
void declare_trace(CLI::App& app, action& chosen);
void declare_key(CLI::App& app, action& chosen);
void declare_audit(CLI::App& app, action& chosen);
void declare_node(CLI::App& app, action& chosen);
void declare_bench(CLI::App& app, action& chosen);
void declare_nexmark(CLI::App& app, action& chosen);
void declare_chaos(CLI::App& app, action& chosen);
void declare_soak(CLI::App& app, action& chosen);
void declare_completion(CLI::App& app, action& chosen);

}  // namespace millrace::command
