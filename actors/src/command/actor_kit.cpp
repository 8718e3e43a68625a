#include "command/actor_kit.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>

namespace millrace::command {

namespace {

namespace fs = std::filesystem;

// In the texts @NAME@ is the actor's name, @ID@ its id, @TITLE@ its title.

struct kind_texts {
  const char* actor;     ///< the body of NAME.hpp between the includes and the end
  const char* test;      ///< what the test does
  const char* topology;  ///< actors and connections of NAME.mill
};

constexpr const char* build_text = R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ VERSION 0.1.0 LANGUAGES CXX)

find_package(Millrace 0.1 REQUIRED)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# What 'millrace' loads: build/lib@NAME@.so.
millrace_add_plugin(@NAME@ SOURCES @NAME@.cpp)

enable_testing()
add_executable(@NAME@_test @NAME@_test.cpp)
target_link_libraries(@NAME@_test PRIVATE millrace::testing)
add_test(NAME @NAME@ COMMAND @NAME@_test)
)";

constexpr const char* source_text = R"(#include "@NAME@.hpp"

#include <millrace/plugin.hpp>

MILLRACE_ACTOR(@NAME@, {.id = "@ID@", .title = "@TITLE@", .category = "Mine", .help = "Says in one sentence what it does."})
MILLRACE_PLUGIN("@NAME@", "0.1.0")
)";

constexpr const char* test_head = R"(#include <cstdio>

#include <millrace/testing/actor_harness.hpp>

#include "@NAME@.hpp"

using namespace std::chrono_literals;

static int failures = 0;
static void expect(bool ok, const char* what) {
  if (!ok) std::printf("FAILED: %s\n", what), ++failures;
}

int main() {
)";
constexpr const char* test_end = R"(  return failures;
}
)";

constexpr const char* header_head = R"(#pragma once

#include <millrace/context.hpp>
#include <millrace/param.hpp>
#include <millrace/port.hpp>
)";

constexpr const char* readme_text = R"(# @TITLE@

An actor type for Millrace, `@ID@`.

```sh
cmake -S . -B build -D CMAKE_PREFIX_PATH=<where Millrace is installed, unless it is /usr>
cmake --build build
ctest --test-dir build                               # the test, without a running topology
millrace --plugins build actor show @ID@
millrace --plugins build run @NAME@.mill             # in a topology
```

`@NAME@.hpp` is the actor, `@NAME@_test.cpp` its test. To have it everywhere, put `build/lib@NAME@.so` into
`~/.local/lib/millrace/plugins`, or name its folder in the variable MILLRACE_PLUGINS.
)";

constexpr kind_texts processor_texts{R"(#include <millrace/record.hpp>
#include <millrace/state.hpp>

/// What comes in. The fields are found by their names, whatever else the arriving records have.
struct measurement {
  std::int64_t key{};
  double value{};
  millrace::event_time at{};
};
MILLRACE_RECORD(measurement, 1, key, value, at)

struct average {
  std::int64_t key{};
  std::int64_t count{};
  double mean{};
  millrace::event_time at{};
};
MILLRACE_RECORD(average, 1, key, count, mean, at)

/// Tells each key's mean after so many values. State is kept by key: snapshots hold it, and it comes back after a crash.
struct @NAME@ : millrace::processor {
  millrace::in<measurement> measurements{this, "in", &@NAME@::on_measurement, {.key = &measurement::key}};
  millrace::out<average> averages{this, "out"};
  millrace::keyed_value<std::int64_t> count{this, "count"};
  millrace::keyed_value<double> sum{this, "sum"};
  millrace::param<std::int64_t> every{this, "every", 10, {.unit = "events", .min = 1, .help = "Values in a mean."}};

  void on_measurement(millrace::context&, const measurement& m) {
    const auto n = ++*count;
    const auto total = *sum += m.value;
    if (n < *every) return;
    averages.emit({m.key, n, total / static_cast<double>(n), m.at});
    count.clear();
    sum.clear();
  }
};
)",
                                     R"(  millrace::testing::actor_harness<@NAME@> h;
  for (int i = 0; i < 25; ++i) h.push(measurement{1, 1.0 * i, millrace::event_time{} + i * 1s});
  const auto averages = h.take<average>("out");
  expect(averages.size() == 2, "a mean after every ten values");
  expect(averages.size() == 2 && averages[1].mean == 14.5, "of those values alone");
  h.restore(h.snapshot());
  for (int i = 0; i < 5; ++i) h.push(measurement{1, 0.0, millrace::event_time{} + i * 1s});
  expect(h.take<average>("out").size() == 1, "what was counted survives a snapshot");
)",
                                     R"(  "actors": [
    {"name": "values", "type": "millrace.generator", "params": {"count": 100000, "keys": 100}},
    {"name": "by_key", "type": "millrace.by_key"},
    {"name": "@NAME@", "type": "@ID@", "parallelism": 2},
    {"name": "results", "type": "millrace.file_sink", "params": {"path": "output"}}
  ],
  "streams": [
    "values.out -> by_key.in",
    "by_key.out -> @NAME@.in",
    "@NAME@.out -> results.in"
  ])"};

constexpr kind_texts producer_texts{R"(#include <millrace/producer.hpp>
#include <millrace/record.hpp>

struct tick {
  std::int64_t number{};
  millrace::event_time at{};
};
MILLRACE_RECORD(tick, 1, number, at)

/// Counts. Its position is saved with every snapshot, so that after a crash it goes on where the snapshot was.
struct @NAME@ : millrace::producer {
  millrace::out<tick> ticks{this, "out"};
  millrace::param<std::int64_t> count{this, "count", 1000, {.unit = "events", .min = 0, .help = "Events in all."}};

  millrace::poll_result poll(millrace::context&, std::size_t max) override {
    for (std::size_t i = 0; i < max && next < *count; ++i, ++next) {
      ticks.emit({next, millrace::event_time{} + std::chrono::milliseconds{next}});
    }
    return next < *count ? millrace::poll_result::more() : millrace::poll_result::end();
  }
  void save_position(millrace::msgpack::writer& out) const override { out.integer(next); }
  bool load_position(millrace::msgpack::reader& in) override { return in.integer(next); }
  std::string describe_position() const override { return "tick " + std::to_string(next); }

  std::int64_t next = 0;
};
)",
                                    R"(  millrace::testing::actor_harness<@NAME@> h;
  h.poll(1000);
  const auto ticks = h.take<tick>("out");
  expect(ticks.size() == 1000, "as many ticks as were asked for");
  expect(!ticks.empty() && ticks.back().number == 999, "counted from nothing");
)",
                                    R"(  "actors": [
    {"name": "@NAME@", "type": "@ID@"},
    {"name": "results", "type": "millrace.file_sink", "params": {"path": "output"}}
  ],
  "streams": [
    "@NAME@.out -> results.in"
  ])"};

constexpr kind_texts sink_texts{R"(#include <millrace/record.hpp>
#include <millrace/sink.hpp>

/// What comes in. The fields are found by their names, whatever else the arriving records have.
struct measurement {
  std::int64_t key{};
  double value{};
};
MILLRACE_RECORD(measurement, 1, key, value)

/// Logs the largest value now and then. A sink that writes somewhere else overrides `delivers`, `prepare`, `commit` and
/// `recover` to be transactional; this one may see events again after a crash.
struct @NAME@ : millrace::sink {
  millrace::in<measurement> measurements{this, "in", &@NAME@::on_measurement};
  millrace::param<std::int64_t> every{this, "every", 50000, {.unit = "events", .min = 1, .help = "Events between two lines."}};

  void on_measurement(millrace::context& c, const measurement& m) {
    largest = std::max(largest, m.value);
    if (++seen % *every == 0) c.log(millrace::log_level::info, "largest so far: " + std::to_string(largest));
  }

  std::int64_t seen = 0;
  double largest = 0;
};
)",
                                R"(  millrace::testing::actor_harness<@NAME@> h;
  for (int i = 0; i < 100; ++i) h.push(measurement{1, 1.0 * i});
  expect(h->seen == 100 && h->largest == 99, "every value is looked at");
)",
                                R"(  "actors": [
    {"name": "values", "type": "millrace.generator", "params": {"count": 100000, "keys": 100}},
    {"name": "@NAME@", "type": "@ID@"}
  ],
  "streams": [
    "values.out -> @NAME@.in"
  ])"};

constexpr kind_texts router_texts{R"(#include <millrace/dynamic_batch.hpp>
#include <millrace/router.hpp>

/// Sends small values to the first partition of what lies behind, large ones to the last. Records pass unchanged.
struct @NAME@ : millrace::router_of<millrace::record_view> {
  millrace::param<double> limit{this, "limit", 50.0, {.help = "From here on a value is large."}};

  std::uint32_t pick(millrace::context&, const millrace::record_view& record, std::uint32_t partitions) override {
    const auto field = record.schema().find("value");
    const bool is_large = field && record.field(static_cast<std::uint32_t>(*field)).to_float64() >= *limit;
    return is_large ? partitions - 1 : 0;
  }
};
)",
                                  R"(  millrace::testing::actor_harness<@NAME@> h{
      {.inputs = {{"in", millrace::dynamic_record_type(std::make_shared<millrace::schema>(
                             millrace::parse_schema("measurement", "value:float64").value()))}},
       .partitions = 3}};
  h.push_fields("in", {{"value", 10.0}});
  h.push_fields("in", {{"value", 90.0}});
  const auto routed = h.take();
  expect(routed.size() == 2 && routed.entries()[0].partition == 0 && routed.entries()[1].partition == 2,
         "small ones go first, large ones last");
)",
                                  R"(  "actors": [
    {"name": "values", "type": "millrace.generator", "params": {"count": 100000, "keys": 100}},
    {"name": "@NAME@", "type": "@ID@"},
    {"name": "results", "type": "millrace.file_sink", "parallelism": 2, "params": {"path": "output"}}
  ],
  "streams": [
    "values.out -> @NAME@.in",
    "@NAME@.out -> results.in"
  ])"};

const std::map<std::string, kind_texts>& kinds() {
  static const std::map<std::string, kind_texts> all{
      {"processor", processor_texts}, {"producer", producer_texts}, {"router", router_texts}, {"sink", sink_texts}};
  return all;
}

bool is_name(const std::string& name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 60 && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, plain);
}
bool is_id(const std::string& id) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  return !id.empty() && id.size() <= 120 && std::ranges::all_of(id, plain) && !id.starts_with("millrace.");
}

std::string title_of(std::string name) {
  std::ranges::replace(name, '_', ' ');
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return name;
}

std::string filled(std::string_view text, const std::map<std::string, std::string>& words) {
  std::string out{text};
  for (const auto& [word, with] : words) {
    const auto mark = "@" + word + "@";
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark, at + with.size())) {
      out.replace(at, mark.size(), with);
    }
  }
  return out;
}

result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream to{path, std::ios::binary};
  to << text;
  to.close();
  if (to.fail()) return user_error(errc::io_error, "cannot write '" + path.string() + "'");
  return {};
}

result<void> write_files(const fs::path& folder, const std::map<std::string, std::string>& files) {
  std::error_code problem;
  if (!fs::create_directories(folder, problem)) {
    if (problem) return user_error(errc::io_error, "cannot make '" + folder.string() + "': " + problem.message());
    return user_error(errc::already_exists,
                      "'" + folder.string() + "' is there already: give another NAME or --folder, or remove it");
  }
  for (const auto& [name, text] : files) {
    if (auto ok = write_file(folder / name, text); !ok) return ok;
  }
  return {};
}

}  // namespace

std::vector<std::string> kit_kinds() {
  std::vector<std::string> names;
  for (const auto& [name, texts] : kinds()) names.push_back(name);
  return names;
}

result<std::string> make_actor_project(const kit_request& request) {
  const auto& name = request.name;
  if (!is_name(name)) {
    return user_error(errc::invalid_argument,
                      "'" + name + "' is no name for an actor: small letters, digits and '_', a letter first");
  }
  const auto id = request.id.empty() ? "user." + name : request.id;
  if (!is_id(id)) {
    return user_error(errc::invalid_argument, "'" + id +
                                                  "' is no id for an actor type: small letters, digits, '_', '-' and "
                                                  "dots, and not 'millrace.…', which are the built-in ones");
  }
  const auto& texts = kinds().at(request.kind);
  const std::map<std::string, std::string> words{{"NAME", name}, {"ID", id}, {"TITLE", title_of(name)}};
  const auto fill = [&words](const std::string& text) { return filled(text, words); };
  const fs::path folder = request.folder.empty() ? fs::path{name} : fs::path{request.folder};
  const auto ok = write_files(folder, {{"CMakeLists.txt", fill(build_text)},
                                       {name + ".hpp", fill(std::string{header_head} + texts.actor)},
                                       {name + ".cpp", fill(source_text)},
                                       {name + "_test.cpp", fill(std::string{test_head} + texts.test + test_end)},
                                       {name + ".mill", fill("{\n  \"millrace\": 1,\n  \"name\": \"@NAME@_trial\",\n" +
                                                             std::string{texts.topology} + "\n}\n")},
                                       {"README.md", fill(readme_text)},
                                       {".gitignore", "build/\noutput/\n*.data/\n"}});
  if (!ok) return ok.error();
  return "made " + folder.string() + ", the " + request.kind + " '" + id + "'. Next:\n  cd " + folder.string() +
         "\n  cmake -S . -B build && cmake --build build && ctest --test-dir build\n  millrace --plugins build run " +
         name + ".mill\n";
}

}  // namespace millrace::command
