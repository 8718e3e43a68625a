#include "command/snapshot_report.hpp"

#include <algorithm>

#include "command/figures.hpp"
#include "command/style.hpp"

namespace millrace::command {

namespace {

/// Handles are the sinks' own bytes; most are text.
std::string handle_text(const std::vector<std::byte>& handle) {
  std::string text;
  for (const auto b : handle) {
    const auto c = static_cast<char>(b);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return text;
}

result<snapshot_task> inspect_task(engine::snapshot_reader& reader, const std::string& name) {
  snapshot_task task{name, 0, 0, 0};
  auto meta = reader.meta(name);
  if (!meta) return std::move(meta).error();
  task.meta_bytes = meta->size();
  auto walked = reader.for_each_page(name, [&](std::uint32_t, std::span<const std::byte> content) -> result<void> {
    ++task.pages;
    task.page_bytes += content.size();
    return {};
  });
  if (!walked) return std::move(walked).error();
  return task;
}

std::string plural(std::uint64_t n, const std::string& thing) {
  return exact_text(n) + " " + thing + (n == 1 ? "" : "s");
}

}  // namespace

result<snapshot_report> inspect(engine::snapshot_store& store, epoch_id epoch) {
  snapshot_report report;
  auto reader = store.open(epoch);
  if (!reader) return std::move(reader).error();
  report.info = (*reader)->info();
  for (const auto& name : (*reader)->tasks()) {
    auto task = inspect_task(**reader, name);
    if (!task) {
      report.damage = task.error().message;
      break;
    }
    report.tasks.push_back(*std::move(task));
  }
  if (const auto checked = store.verify(epoch); !checked) report.damage = checked.error().message;
  auto ledger = store.ledger();
  if (!ledger) return std::move(ledger).error();
  const auto entry = std::ranges::find(*ledger, epoch, &engine::ledger_entry::epoch);
  if (entry != ledger->end()) report.ledger = std::move(*entry);
  return report;
}

nlohmann::json to_json(const engine::snapshot_info& info) {
  return {{"epoch", info.epoch.value},
          {"generation", info.incarnation.value},
          {"environment", info.environment == 0 ? "a" : "b"},
          {"written_at", time_text(info.written_at.ns)},
          {"bytes", info.bytes},
          {"tasks", info.tasks},
          {"pages", info.pages},
          {"chunks", info.chunks},
          {"ok", info.is_ok},
          {"reason", info.reason}};
}

nlohmann::json to_json(const snapshot_report& report) {
  auto j = to_json(report.info);
  j["ok"] = report.damage.empty();
  j["reason"] = report.damage;
  j["tasks"] = nlohmann::json::array();
  for (const auto& t : report.tasks) {
    j["tasks"].push_back(
        {{"name", t.name}, {"pages", t.pages}, {"page_bytes", t.page_bytes}, {"meta_bytes", t.meta_bytes}});
  }
  j["positions"] = nlohmann::json::array();
  for (const auto& p : report.ledger.positions) j["positions"].push_back({{"task", p.task}, {"position", p.text}});
  j["prepared"] = nlohmann::json::array();
  for (const auto& p : report.ledger.prepared) {
    j["prepared"].push_back({{"task", p.task}, {"bytes", p.handle.size()}, {"handle", handle_text(p.handle)}});
  }
  return j;
}

std::string to_text(const engine::snapshot_info& info) {
  const auto where = std::string{"environment "} + (info.environment == 0 ? "a" : "b");
  if (!info.is_ok) {
    const auto epoch = info.epoch.value == 0 ? std::string{"?"} : std::to_string(info.epoch.value);
    return "epoch " + epoch + "  " + where + "  damaged: " + info.reason;
  }
  return "epoch " + std::to_string(info.epoch.value) + "  " + where + "  " + time_text(info.written_at.ns) + " UTC  " +
         plural(info.tasks, "task") + "  " + plural(info.pages, "page") + "  " + bytes_text(info.bytes);
}

std::string to_text(const snapshot_report& report) {
  constexpr std::size_t indent = 2;
  auto text = to_text(report.info) + "  generation " + std::to_string(report.info.incarnation.value) + "\n";
  text += report.damage.empty() ? "verified: every checksum is right\n" : "damaged: " + report.damage + "\n";
  std::size_t width = 0;
  for (const auto& t : report.tasks) width = std::max(width, t.name.size() + indent);
  if (!report.tasks.empty()) text += "\nTasks\n";
  for (const auto& t : report.tasks) {
    text += "  " + pad_right(t.name, width) + plural(t.pages, "page") + ", " + bytes_text(t.page_bytes) + "; meta " +
            bytes_text(t.meta_bytes) + "\n";
  }
  if (!report.ledger.positions.empty()) text += "\nPositions\n";
  for (const auto& p : report.ledger.positions) text += "  " + p.task + "  " + p.text + "\n";
  if (!report.ledger.prepared.empty()) text += "\nPrepared by sinks, committed with the epoch\n";
  for (const auto& p : report.ledger.prepared) text += "  " + p.task + "  " + handle_text(p.handle) + "\n";
  return text;
}

}  // namespace millrace::command
