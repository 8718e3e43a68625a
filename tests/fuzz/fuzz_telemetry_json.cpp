// Whatever an engine of whichever version tells of its runs, nodes and actors, as telemetry or as an answer: no crash,
// and what cannot be read is left out. Read as the workbench and the command read it; the state before it is what the
// half of the bytes before it gave.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "catalogue/actor_description.hpp"
#include "core/diagnosis.hpp"
#include "core/figures.hpp"
#include "core/nodes_model.hpp"
#include "core/run_history.hpp"
#include "millrace/transport/json_codec.hpp"

using namespace millrace;
using namespace millrace::workbench;
using nlohmann::json;

namespace {

/// As it comes over control, where numbers may be none; or as text, which mutations keep readable more often.
json read(std::string_view bytes) {
  const auto document = transport::json_from_msgpack({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
  if (document) return *document;
  // Deeper than control lets through.
  if (std::ranges::count_if(bytes, [](char c) { return c == '[' || c == '{'; }) > 200) return {};
  auto text = json::parse(bytes, nullptr, false);
  return text.is_discarded() ? json{} : text;
}

void look_at(const std::map<std::string, RunFigures>& runs, RunHistory& history) {
  for (const auto& [name, run] : runs) {
    if (name.empty() || run.health() > Health::Critical) std::abort();
    history.add(run, 1.0);
    for (const auto& [actor, f] : run.actors) {
      (void)healthText(f);
      if (f.tasks.size() > static_cast<std::size_t>(f.partitions) || f.rates.size() > Trail::sizeMax) std::abort();
      for (const double n : {f.inPerS, f.outPerS, f.deadLetters, f.stateBytes}) {
        (void)rateText(n);
        (void)bytesText(n);
        (void)millisecondsText(n);
      }
    }
    for (const auto& r : run.recoveries) (void)textOf(r);
  }
  (void)toCsv(history.last(60));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto cut = std::min(bytes.find('\n'), bytes.size());
  const auto first = read(bytes.substr(0, cut));
  const auto second = read(bytes.substr(std::min(cut + 1, bytes.size())));
  RunHistory history;
  const auto before = readFigures(first, {});
  look_at(before, history);
  const auto after = readFigures(second, before);
  look_at(after, history);
  if (history.events().size() > RunHistory::eventsMax || history.marks().size() > RunHistory::marksMax) std::abort();
  auto nodes = readNodes(first, second);
  addTasks(nodes, after);
  for (const auto& answer : {first, second}) {
    (void)readDiagnosis(answer);
    try {
      (void)catalogue::description_text(answer);
    } catch (const json::exception&) {
      // As it says; the command tells the user of it.
    }
  }
  return 0;
}
