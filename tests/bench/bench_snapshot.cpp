// What a snapshot of keyed state costs on disk: 1 M rows of 72 bytes in pages of 256 rows, spread over four tasks, each
// number the median of several snapshots, from `begin` to the durable `commit`. A plain file with the same bytes,
// written and synced in the same run, is the limit to hold it against.
//
//   bench_snapshot [folder (default: the working folder)] [rows]

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "millrace/persistence/snapshot_store.hpp"

namespace {

using namespace millrace;
using steady = std::chrono::steady_clock;

constexpr std::size_t row_bytes = 72;
constexpr std::size_t rows_per_page = 256;
constexpr std::size_t tasks = 4;
constexpr int rounds = 7;

template <class T>
T must(result<T> got) {
  if (!got) {
    std::fprintf(stderr, "bench_snapshot: %s\n", got.error().message.c_str());
    std::exit(1);
  }
  return std::move(got).value();
}
void must(const result<void>& got) {
  if (got) return;
  std::fprintf(stderr, "bench_snapshot: %s\n", got.error().message.c_str());
  std::exit(1);
}

template <class Work>
double milliseconds(Work&& work) {
  const auto start = steady::now();
  work();
  return std::chrono::duration<double, std::milli>(steady::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string key(std::size_t task) {
  return "actor/" + std::to_string(task);
}

/// `share` of all pages, or every page where the store wants it.
void snapshot(engine::snapshot_store& store, generation now, const std::vector<std::byte>& page, std::size_t pages,
              double share, std::mt19937& random) {
  const auto epoch = must(store.next_epoch());
  const auto writer = must(store.begin(epoch, now));
  std::uniform_real_distribution<double> draw;
  for (std::size_t task = 0; task < tasks; ++task) {
    for (std::uint32_t number = 0; number < pages / tasks; ++number) {
      if (store.wants_full() || draw(random) < share) must(writer->put_page(key(task), number, page));
    }
    must(writer->set_page_count(key(task), static_cast<std::uint32_t>(pages / tasks)));
    must(writer->put_meta(key(task), page));
  }
  must(writer->commit({epoch, now, {}, {}}));
}

std::size_t restore(engine::snapshot_store& store) {
  const auto reader = must(store.open(store.list().front().epoch));
  std::size_t bytes = 0;
  std::vector<std::byte> table;
  for (const auto& task : reader->tasks()) {
    table.resize(must(reader->page_count(task)) * rows_per_page * row_bytes);
    must(reader->for_each_page(task, [&](std::uint32_t number, std::span<const std::byte> content) -> result<void> {
      std::ranges::copy(content, table.begin() + static_cast<std::ptrdiff_t>(number * rows_per_page * row_bytes));
      bytes += content.size();
      return {};
    }));
  }
  return bytes;
}

double plain_file(const std::filesystem::path& folder, const std::vector<std::byte>& page, std::size_t pages) {
  const auto path = folder / "plain";
  const auto took = milliseconds([&] {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (std::size_t number = 0; number < pages; ++number) {
      if (::write(descriptor, page.data(), page.size()) != static_cast<ssize_t>(page.size())) std::exit(1);
    }
    ::fdatasync(descriptor);
    ::close(descriptor);
  });
  std::filesystem::remove(path);
  return took;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = std::filesystem::path(argc > 1 ? argv[1] : ".") / "bench_snapshot.data";
  const std::size_t rows = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
  const auto pages = (rows + rows_per_page - 1) / rows_per_page / tasks * tasks;
  std::filesystem::remove_all(folder);
  std::mt19937 random(1);
  std::vector<std::byte> page(rows_per_page * row_bytes);
  for (auto& byte : page) byte = static_cast<std::byte>(random());

  std::vector<double> full, incremental, restoring, plain;
  {
    const auto store = must(persistence::open_snapshot_store(folder));
    const auto now = must(store->next_generation());
    for (int round = 0; round < rounds; ++round) {
      store->resume_from({});
      full.push_back(milliseconds([&] { snapshot(*store, now, page, pages, 1, random); }));
    }
    snapshot(*store, now, page, pages, 1, random);
    for (int round = 0; round < rounds; ++round) {
      incremental.push_back(milliseconds([&] { snapshot(*store, now, page, pages, 0.1, random); }));
      restoring.push_back(milliseconds([&] {
        if (restore(*store) != pages * page.size()) std::exit(1);
      }));
    }
  }
  for (int round = 0; round < rounds; ++round) plain.push_back(plain_file(folder, page, pages));
  std::printf(
      "%zu rows x %zu B, %zu pages: full %.0f ms, incremental (10 %% dirty) %.0f ms, restore %.0f ms; "
      "plain file + fdatasync %.0f ms\n",
      rows, row_bytes, pages, median(full), median(incremental), median(restoring), median(plain));
  std::filesystem::remove_all(folder);
  return 0;
}
