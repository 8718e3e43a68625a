#include "bench/links.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string_view>
#include <vector>

#include "bench/link_trial.hpp"

namespace millrace::bench {

namespace {

/// One line of the table and what it is compared with.
struct variant {
  const char* name;
  const char* yardstick;  ///< nullptr: it is one
  bool has_keys;
  std::function<result<figures>()> measure;
  std::vector<figures> all{};

  [[nodiscard]] figures median() {
    std::ranges::sort(all, {}, &figures::events_per_s);
    return all[all.size() / 2];
  }
};

void print(const variant& v, const figures& f, double yardstick, bool json) {
  const auto* security = v.has_keys ? "curve" : "none";
  const auto share = yardstick > 0 ? f.events_per_s / yardstick : 1.0;
  if (json) {
    std::printf(
        "{\"variant\":\"%s\",\"security\":\"%s\",\"events_per_s\":%.0f,\"bytes_per_event\":%.2f,"
        "\"cpu_ns_per_event\":%.1f,\"share_of_raw\":%.3f}\n",
        v.name, security, f.events_per_s, f.bytes_per_event, f.cpu_ns_per_event, share);
  } else {
    std::printf("%-28s %-6s %8.2f M events/s %7.0f MB/s %7.1f ns CPU/event", v.name, security, f.events_per_s / 1e6,
                f.events_per_s * f.bytes_per_event / 1e6, f.cpu_ns_per_event);
    if (v.yardstick != nullptr) std::printf("  %3.0f %% of %s", 100 * share, v.yardstick);
    std::puts("");
  }
  std::fflush(stdout);
}

}  // namespace

result<void> run_links(const links_options& o) {
  const auto typed = typed_cargo(o.batch);
  const auto opaque = opaque_cargo(o.batch);
  const auto keys = transport::make_curve_keys();
  if (!keys) return keys.error();
  std::vector<variant> all;
  for (const bool has_keys : {false, true}) {
    const auto raw_keys = has_keys ? std::optional{*keys} : std::nullopt;
    all.push_back({"raw bytes", nullptr, has_keys, [=, &o] { return measure_bytes(o, opaque, raw_keys); }});
    all.push_back({"link bytes", "raw bytes", has_keys, [=, &o] { return measure_link(o, opaque, has_keys, false); }});
    all.push_back({"raw events", nullptr, has_keys, [=, &o] { return measure_raw(o, typed, raw_keys); }});
    all.push_back({"link events", "raw events", has_keys, [=, &o] { return measure_link(o, typed, has_keys, false); }});
    all.push_back(
        {"link events compressed", "raw events", has_keys, [=, &o] { return measure_link(o, typed, has_keys, true); }});
  }
  for (std::uint32_t i = 0; i < o.repeats; ++i) {
    for (auto& v : all) {
      auto seen = v.measure();
      if (!seen) return std::move(seen).error();
      v.all.push_back(*seen);
    }
  }
  for (auto& v : all) {
    double yardstick = 0;
    for (auto& other : all) {
      if (v.yardstick != nullptr && other.has_keys == v.has_keys && std::string_view{other.name} == v.yardstick) {
        yardstick = other.median().events_per_s;
      }
    }
    print(v, v.median(), yardstick, o.json);
  }
  return {};
}

}  // namespace millrace::bench
