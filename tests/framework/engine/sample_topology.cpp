#include "sample_topology.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <tuple>

#include "millrace/validation.hpp"

namespace sample {

namespace {

auto fields_of(const outcome& o) {
  return std::tie(o.what, o.key, o.source, o.number, o.previous, o.nth, o.sum);
}
bool is_less(const outcome& a, const outcome& b) {
  return fields_of(a) < fields_of(b);
}

struct history {
  std::map<std::int64_t, std::vector<reading>> of_source;
  std::map<std::int64_t, std::int64_t> windows;
  std::int64_t count = 0;
  std::int64_t sum = 0;
};

std::string listed(const char* title, const std::vector<outcome>& all) {
  if (all.empty()) return {};
  auto text = std::string{title} + " " + std::to_string(all.size()) + ":";
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 4); ++i) text += " {" + text_of(all[i]) + "}";
  return text + "; ";
}

}  // namespace

millrace::topology mesh(const mesh_shape& shape) {
  millrace::topology t;
  t.name = "mesh";
  t.settings.snapshot_interval = shape.snapshot_interval;
  t.add("numbers", "sim.numbers", {{"count", shape.count}, {"keys", shape.keys}}, shape.producers);
  t.add("route", "sim.by_key", {}, shape.producers);
  t.add("tally", "sim.tally", {}, shape.partitions);
  t.add("store", "sim.sink", {}, shape.partitions);
  return t.connect("numbers", "route").connect("route", "tally").connect("tally", "store");
}

std::shared_ptr<const millrace::engine::plan> plan_of(const millrace::topology& t) {
  auto checked = millrace::validate(t);
  if (checked.ok()) return checked.plan;
  for (const auto& p : checked.problems) std::fprintf(stderr, "%s\n", to_string(p).c_str());
  std::abort();
}

std::vector<outcome> expected_output(const mesh_shape& shape) {
  std::vector<std::vector<reading>> sources(shape.producers);
  for (std::int64_t s = 0; s < shape.producers; ++s) {
    for (std::int64_t n = 0; n < shape.count; ++n) {
      sources[static_cast<std::size_t>(s)].push_back(reading_of(s, n, shape.keys));
    }
  }
  return expected_of(sources);
}

std::vector<outcome> expected_of(const std::vector<std::vector<reading>>& sources) {
  std::map<std::string, history> by_key;
  for (const auto& readings : sources) {
    for (const auto& r : readings) {
      auto& h = by_key[r.key];
      h.windows[r.at.ns / window_ns] += r.amount;
      h.sum += r.amount;
      ++h.count;
      h.of_source[r.source].push_back(r);
    }
  }
  std::vector<outcome> all;
  for (const auto& [key, h] : by_key) {
    for (const auto& [source, readings] : h.of_source) {
      for (std::size_t i = 0; i < readings.size(); ++i) {
        all.push_back({"event", key, source, readings[i].number, i == 0 ? -1 : readings[i - 1].number,
                       static_cast<std::int64_t>(i) + 1, readings[i].amount});
      }
    }
    for (const auto& [window, sum] : h.windows) all.push_back({"window", key, -1, window, -1, 0, sum});
    all.push_back({"summary", key, -1, h.count, -1, h.count, h.sum});
  }
  return sorted(std::move(all));
}

std::vector<outcome> sorted(std::vector<outcome> all) {
  std::ranges::sort(all, is_less);
  return all;
}

std::string text_of(const outcome& o) {
  return o.what + " " + o.key + " source " + std::to_string(o.source) + " number " + std::to_string(o.number) +
         " previous " + std::to_string(o.previous) + " nth " + std::to_string(o.nth) + " sum " + std::to_string(o.sum);
}

std::string difference(const std::vector<outcome>& expected, const std::vector<outcome>& got) {
  const auto found = sorted(got);
  std::vector<outcome> missing;
  std::vector<outcome> extra;
  std::ranges::set_difference(expected, found, std::back_inserter(missing), is_less);
  std::ranges::set_difference(found, expected, std::back_inserter(extra), is_less);
  return listed("missing", missing) + listed("too many", extra);
}

std::string disorder_in(const std::vector<outcome>& output) {
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> last;
  for (const auto& o : output) {
    if (o.what != "event") continue;
    const auto [at, is_first] = last.try_emplace({o.key, o.source}, o.number);
    if (!is_first && o.number <= at->second) return text_of(o) + " comes after number " + std::to_string(at->second);
    at->second = o.number;
  }
  return {};
}

}  // namespace sample
