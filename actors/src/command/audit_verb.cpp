#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/style.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "node/access/audit_log.hpp"
#include "node/access/key_registry.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

struct verify_request {
  std::string folder;
  bool is_json = false;
};

struct list_request {
  node_choice node;
  std::uint64_t limit = 200;
  bool verifies = false;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

std::string verdict_text(std::uint64_t entries, const std::string& problem) {
  const auto count = std::to_string(entries);
  return problem.empty() ? count + " entries, all as they were written\n"
                         : count + " entries are as they were written; then: " + console::printable(problem) + "\n";
}

int verify(const verify_request& r) {
  const auto keys = node::key_registry::read_own(r.folder);
  if (!keys) return fail_with(keys.error());
  const auto verdict = node::audit_log::verify(r.folder, keys->secret_key);
  if (!verdict) return fail_with(verdict.error());
  const bool is_good = verdict->problem.empty();
  if (r.is_json) {
    print(json{{"first", verdict->first},
               {"entries", verdict->entries},
               {"intact", is_good},
               {"problem", verdict->problem}}
              .dump() +
          "\n");
  } else {
    print(verdict_text(verdict->entries, verdict->problem));
  }
  return is_good ? exit_ok : exit_failed;
}

/// Columns as wide as their widest entry; the detail has the rest of the line. Who asked may have put anything into a
/// detail, and whoever reads the log is an admin.
std::string table_of(const json& newest_first) {
  constexpr std::array columns{"at", "who", "verb", "topology", "outcome", "detail"};
  std::vector<std::array<std::string, columns.size()>> rows;
  std::array<std::size_t, columns.size()> widths{};
  for (const auto& e : newest_first) {
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row[i] = console::printable(e.at(columns[i]).get<std::string>());
      widths[i] = std::max(widths[i], console::cells(row[i]));
    }
  }
  std::string text;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line += (i == 0 || widths[i] == 0 ? "" : "  ") + pad_right((*row)[i], widths[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

int list(const list_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "audit", {{"limit", r.limit}, {"verify", r.verifies}});
  if (!answer) return fail_with(answer.error());
  // Read before anything is printed: half a list and then an error would look like a list.
  auto text = table_of(answer->at("entries"));
  if (text.empty()) text = "the audit log has no entries\n";
  const bool is_good = !r.verifies || answer->at("intact").get<bool>();
  if (r.verifies) {
    text += verdict_text(answer->at("verified").get<std::uint64_t>(), answer->at("problem").get<std::string>());
  }
  print(r.is_json ? answer->dump(2) + "\n" : text);
  return is_good ? exit_ok : exit_failed;
}

}  // namespace

void declare_audit(CLI::App& app, action& chosen) {
  app.require_subcommand(1);
  const auto listed = std::make_shared<list_request>();
  auto* to_list = app.add_subcommand("list", "What a node wrote down, the newest last; needs the role admin");
  add_node_options(*to_list, listed->node);
  to_list->add_option("--limit", listed->limit, "The newest so many, at most 1000")
      ->check(CLI::Range(1, 1000))
      ->default_val(200)
      ->type_name("N");
  to_list->add_flag("--verify", listed->verifies, "Also have the node check that all of it is as it was written");
  to_list->add_flag("--json", listed->is_json, "Print JSON, the newest first");
  to_list->callback([=, &chosen] { chosen = [=] { return list(*listed); }; });
  const auto verified = std::make_shared<verify_request>();
  auto* to_verify = app.add_subcommand("verify", "Check that a node's audit log is as it was written");
  to_verify->add_option("DIR", verified->folder, "The node's data folder")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("");
  to_verify->add_flag("--json", verified->is_json, "Print JSON");
  to_verify->callback([=, &chosen] { chosen = [=] { return verify(*verified); }; });
}

}  // namespace millrace::command
