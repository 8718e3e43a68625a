#include "ledger_topology.hpp"

#include <chrono>

namespace millrace::crash {

topology ledger_in(const std::filesystem::path& folder, std::int64_t lines, double rate) {
  topology t;
  t.name = "ledger";
  t.base_folder = folder.string();
  t.settings.snapshot_interval = std::chrono::milliseconds{60};
  t.add("entries", "millrace.file_source",
        {{"path", std::string{"a.csv;b.csv"}},
         {"fields", std::string{"account:string,number:int64,amount:int64,at:event_time"}},
         {"rate", rate}},
        2);
  t.add("route", "millrace.by_key", {}, 2);
  t.add("ledger", "crash.ledger", {}, 4);
  t.add("feed", "crash.feed", {{"folder", folder.string()}, {"count", lines}, {"rate", rate}});
  t.add("route_feed", "millrace.by_key");
  t.add("statements", "millrace.file_sink", {{"path", (folder / "out").string()}}, 4);
  t.connect("entries", "route").connect("route", "ledger").connect("ledger", "statements");
  t.connect("feed", "route_feed").connect("route_feed", "ledger");
  return t;
}

}  // namespace millrace::crash
