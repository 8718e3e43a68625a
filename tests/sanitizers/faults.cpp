// Commits the fault its argument names, for the sanitizers to see: a run of the suite that finds nothing says something
// only if they are awake.
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "millrace/detail/block_cache.hpp"
#include "millrace/library.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

namespace {

using namespace millrace;

struct number {
  std::int64_t value{};
};
MILLRACE_RECORD(number, 1, value)

class numbers final : public producer {
public:
  out<number> made{this, "out"};

  poll_result poll(context&, std::size_t max) override {
    for (auto left = max; left != 0 && next_ < count; --left, ++next_) made.emit({next_});
    return next_ < count ? poll_result::more() : poll_result::end();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }

private:
  static constexpr std::int64_t count = 20'000;
  std::int64_t next_ = 0;
};
MILLRACE_ACTOR(numbers, {.id = "faults.numbers", .title = "Numbers"})

std::int64_t total = 0;

/// Its partitions add to one variable, as no actor may.
class careless final : public processor {
public:
  in<number> arriving{this, "in", &careless::on_number, {.key = &number::value}};
  out<number> passed{this, "out"};

  void on_number(context&, const number& n) {
    total += n.value;
    passed.emit(n);
  }
};
MILLRACE_ACTOR(careless, {.id = "faults.careless", .title = "Careless"})

std::filesystem::path own_folder() {
  std::string name{(std::filesystem::temp_directory_path() / "millrace-faults-XXXXXX").string()};
  return ::mkdtemp(name.data()) == nullptr ? std::filesystem::path{} : std::filesystem::path{name};
}

void race_of_actors() {
  link_library();
  topology t;
  t.name = "faults";
  t.add("numbers", "faults.numbers", {});
  t.add("route", "millrace.by_key");
  t.add("careless", "faults.careless", {}, 4);
  t.add("end", "millrace.null_sink");
  t.connect("numbers", "route").connect("route", "careless").connect("careless", "end");
  const auto checked = validate(t);
  for (const auto& p : checked.problems) std::fprintf(stderr, "%s\n", to_string(p).c_str());
  if (!checked.ok()) return;
  const auto folder = own_folder();
  {
    runtime::run_options how;
    how.data_dir = folder.string();
    how.threads = 4;
    auto run = runtime::topology_run::start(checked.plan, std::move(how));
    if (run) (void)(*run)->wait(std::chrono::minutes{5});
  }
  std::filesystem::remove_all(folder);
}

void race() {
  std::int64_t shared = 0;
  std::thread other{[&] { ++shared; }};
  ++shared;
  other.join();
}

/// In a function of the C library, which a setting that passes over libraries must not hide.
void race_in_memcpy() {
  static char shared[4096];
  const volatile std::size_t bytes = sizeof shared;
  const std::string from(sizeof shared, 'x');
  std::thread other{[&] { std::memcpy(shared, from.data(), bytes); }};
  std::memcpy(shared, from.data(), bytes);
  other.join();
}

void use_after_free() {
  auto* volatile freed = new int[4]{};
  delete[] freed;
  std::printf("%d\n", freed[1]);
}

/// Through the cache of blocks that batches live in.
void batch_after_free() {
  auto* const block = static_cast<volatile char*>(detail::take_block(8192));
  detail::give_block(const_cast<char*>(block), 8192);
  std::printf("%d\n", block[100]);
}

/// Several, because a register or the stack may still know the last one.
void leak() {
  for (int i = 0; i < 16; ++i) {
    auto* volatile lost = new int[4]{i};
    std::printf("%d\n", lost[0]);
  }
}

void overflow() {
  const volatile int most = INT_MAX;
  std::printf("%d\n", most + 1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void()>> faults{
      {"race", race},
      {"race_in_memcpy", race_in_memcpy},
      {"race_of_actors", race_of_actors},
      {"use_after_free", use_after_free},
      {"batch_after_free", batch_after_free},
      {"leak", leak},
      {"overflow", overflow},
  };
  const auto wanted = faults.find(argc == 2 ? argv[1] : "");
  if (wanted == faults.end()) return std::fprintf(stderr, "name a fault\n"), 2;
  wanted->second();
}
