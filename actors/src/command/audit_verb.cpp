#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "node/access/audit_log.hpp"
#include "node/access/key_registry.hpp"

namespace millrace::command {

namespace {

struct audit_request {
  std::string folder;
  bool is_json = false;
};

int verify(const audit_request& r) {
  const auto keys = node::key_registry::read_own(r.folder);
  if (!keys) return fail_with(keys.error());
  const auto verdict = node::audit_log::verify(r.folder, keys->secret_key);
  if (!verdict) return fail_with(verdict.error());
  const bool is_good = verdict->problem.empty();
  auto& out = console::terminal::instance();
  if (r.is_json) {
    out.write(nlohmann::json{{"first", verdict->first}, {"entries", verdict->entries}, {"intact", is_good}, {"problem", verdict->problem}}.dump() +
              "\n");
  } else if (is_good) {
    out.write(std::to_string(verdict->entries) + " entries, all as they were written\n");
  } else {
    out.write(std::to_string(verdict->entries) + " entries are as they were written; then: " + verdict->problem + "\n");
  }
  return is_good ? exit_ok : exit_failed;
}

}  // namespace

void declare_audit(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<audit_request>();
  app.require_subcommand(1);
  auto* to_verify = app.add_subcommand("verify", "Check that a node's audit log is as it was written");
  to_verify->add_option("DIR", request->folder, "The node's data folder")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("");
  to_verify->add_flag("--json", request->is_json, "Print JSON");
  to_verify->callback([=, &chosen] { chosen = [=] { return verify(*request); }; });
}

}  // namespace millrace::command
