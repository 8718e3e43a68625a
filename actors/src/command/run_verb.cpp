#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "command/report.hpp"
#include "command/run_flags.hpp"
#include "command/run_session.hpp"
#include "command/verb.hpp"
#include "millrace/topology.hpp"

namespace millrace::command {

namespace {

struct run_request {
  std::string file;
  run_flags flags;
};

int run_file(const run_request& request) {
  auto t = load_topology(request.file);
  if (!t) return fail_with(t.error());
  return run_session(*std::move(t), request.flags);
}

}  // namespace

void declare_run(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<run_request>();
  app.add_option("FILE", request->file, "Topology to run (.mill)")->required()->type_name("");
  declare_run_flags(app, request->flags);
  app.callback([request, &chosen] { chosen = [request] { return run_file(*request); }; });
}

}  // namespace millrace::command
