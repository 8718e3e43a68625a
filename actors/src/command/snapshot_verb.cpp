#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/snapshot_report.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/persistence/snapshot_store.hpp"

namespace millrace::command {

namespace {

struct snapshot_request {
  std::string folder;
  std::uint64_t epoch = 0;  ///< 0: the newest good one
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

result<std::unique_ptr<engine::snapshot_store>> open(const std::string& folder) {
  if (!std::filesystem::is_directory(folder)) {
    return user_error(errc::not_found, folder + ": there is no such folder; give the data directory of a run");
  }
  return persistence::open_snapshot_store(folder, {.read_only = true});
}

int list_snapshots(const snapshot_request& request) {
  auto store = open(request.folder);
  if (!store) return fail_with(store.error());
  const auto found = (*store)->list();
  if (request.is_json) {
    auto list = nlohmann::json::array();
    for (const auto& info : found) list.push_back(to_json(info));
    print(list.dump(2) + "\n");
  } else if (found.empty()) {
    print(request.folder + ": no snapshots yet\n");
  } else {
    for (const auto& info : found) print(to_text(info) + "\n");
  }
  return std::ranges::all_of(found, &engine::snapshot_info::is_ok) ? exit_ok : exit_failed;
}

result<epoch_id> chosen_epoch(engine::snapshot_store& store, const snapshot_request& request) {
  if (request.epoch != 0) return epoch_id{request.epoch};
  for (const auto& info : store.list()) {
    if (info.is_ok) return info.epoch;
  }
  return user_error(errc::not_found, request.folder + ": there is no good snapshot; see 'millrace snapshot list'");
}

int inspect_snapshot(const snapshot_request& request) {
  auto store = open(request.folder);
  if (!store) return fail_with(store.error());
  const auto epoch = chosen_epoch(**store, request);
  if (!epoch) return fail_with(epoch.error());
  const auto report = inspect(**store, *epoch);
  if (!report) return fail_with(report.error());
  print(request.is_json ? to_json(*report).dump(2) + "\n" : to_text(*report));
  return report->damage.empty() ? exit_ok : exit_failed;
}

void declare(CLI::App& app, const std::shared_ptr<snapshot_request>& request, action& chosen,
             int (*work)(const snapshot_request&)) {
  app.add_option("DIR", request->folder, "Data directory of a run; it may be running")->required()->type_name("");
  app.add_flag("--json", request->is_json, "Print JSON");
  app.callback([=, &chosen] { chosen = [=] { return work(*request); }; });
}

}  // namespace

void declare_snapshot(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<snapshot_request>();
  app.require_subcommand(1);
  declare(*app.add_subcommand("list", "The snapshots that are kept, newest first"), request, chosen, list_snapshots);
  auto* inspecting = app.add_subcommand("inspect", "What is in a snapshot; verifies all of it");
  declare(*inspecting, request, chosen, inspect_snapshot);
  inspecting->add_option("EPOCH", request->epoch, "Which one (default: the newest good one)")->type_name("");
}

}  // namespace millrace::command
