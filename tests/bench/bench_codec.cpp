#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/convert.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/key.hpp"

// Cost per record of what happens to every record: building, encoding, decoding, hashing, dealing out, converting.
// Batches of 256, as on the data path. Read `items_per_second`; its inverse is the time per record.

namespace {

constexpr std::uint32_t batch_records = 256;

struct bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  millrace::event_time at;
};
MILLRACE_RECORD(bid, 1, auction, bidder, price, at)

struct trade {
  std::string account;
  double amount = 0;
  millrace::event_time at;
  std::string venue;
  std::int32_t quantity = 0;
};
MILLRACE_RECORD(trade, 1, account, amount, at, venue, quantity)

bid make(std::int64_t i, bid*) {
  return {i * 7919, i * 104729, i % 5000, {1'700'000'000'000'000'000 + i}};
}
trade make(std::int64_t i, trade*) {
  return {"account-" + std::to_string(i % 1000),
          0.25 * static_cast<double>(i),
          {1'700'000'000'000'000'000 + i},
          "XETRA",
          static_cast<std::int32_t>(i)};
}

template <class T>
millrace::batch_ptr make_batch() {
  millrace::typed_builder<T> builder{batch_records};
  for (std::int64_t i = 0; i < batch_records; ++i) builder.push(make(i, static_cast<T*>(nullptr)));
  return builder.finish();
}

template <class T>
millrace::record_type_ptr dynamic_twin() {
  return millrace::dynamic_record_type(millrace::schema_of<T>());
}

void count_records(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * batch_records);
}

template <class T>
void build(benchmark::State& state) {
  const auto source = make_batch<T>();
  const auto records = millrace::rows<T>(*source);
  millrace::typed_builder<T> builder{batch_records};
  for (auto _ : state) {
    for (const T& r : records) builder.push(r);
    benchmark::DoNotOptimize(builder.finish());
  }
  count_records(state);
}

template <class T>
void encode(benchmark::State& state) {
  const auto source = make_batch<T>();
  millrace::byte_buffer out;
  for (auto _ : state) {
    out.clear();
    source->type().encode(*source, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes_per_record"] = static_cast<double>(out.size()) / batch_records;
  count_records(state);
}

void decode(benchmark::State& state, const millrace::record_type& type, const millrace::batch_ptr& source) {
  millrace::byte_buffer bytes;
  source->type().encode(*source, bytes);
  for (auto _ : state) benchmark::DoNotOptimize(type.decode(bytes.view(), batch_records).value());
  count_records(state);
}

template <class T>
void decode_typed(benchmark::State& state) {
  decode(state, *millrace::record_type_of<T>(), make_batch<T>());
}
template <class T>
void decode_dynamic(benchmark::State& state) {
  decode(state, *dynamic_twin<T>(), make_batch<T>());
}

void hash(benchmark::State& state, const millrace::key_ptr& key, const millrace::batch_ptr& source) {
  std::vector<std::uint64_t> out(batch_records);
  for (auto _ : state) {
    benchmark::DoNotOptimize(key->hashes(*source, out.data()));
    benchmark::ClobberMemory();
  }
  count_records(state);
}

void hash_int(benchmark::State& state) {
  hash(state, millrace::key_of<bid>(&bid::auction), make_batch<bid>());
}
void hash_string(benchmark::State& state) {
  hash(state, millrace::key_of<trade>(&trade::account), make_batch<trade>());
}
void hash_pair(benchmark::State& state) {
  hash(state, millrace::key_of<trade>(&trade::account, &trade::venue), make_batch<trade>());
}

void keys_int(benchmark::State& state) {
  const auto source = make_batch<bid>();
  const auto key = millrace::key_of<bid>(&bid::auction);
  std::vector<millrace::key_bytes> out(batch_records);
  for (auto _ : state) {
    benchmark::DoNotOptimize(key->keys(*source, out.data()));
    benchmark::ClobberMemory();
  }
  count_records(state);
}

template <class T>
void scatter_to_four(benchmark::State& state) {
  const auto source = make_batch<T>();
  const auto& type = source->type();
  std::vector<std::uint16_t> targets;
  std::vector<std::uint64_t> hashes(batch_records, 1);
  for (std::uint32_t i = 0; i < batch_records; ++i)
    targets.push_back(static_cast<std::uint16_t>((i * 2654435761u) >> 30));
  std::vector<std::unique_ptr<millrace::batch_builder>> owned;
  std::vector<millrace::batch_builder*> builders;
  for (int i = 0; i < 4; ++i) builders.push_back(owned.emplace_back(type.make_builder(batch_records)).get());
  for (auto _ : state) {
    for (std::uint32_t next = 0; next < batch_records;) {
      next = type.scatter(*source, next, targets, hashes, builders);
      for (millrace::batch_builder* b : builders) {
        if (b->is_full()) benchmark::DoNotOptimize(b->finish());
      }
    }
  }
  count_records(state);
}

template <class T>
void to_dynamic(benchmark::State& state) {
  const auto source = make_batch<T>();
  const auto c = millrace::make_converter(millrace::record_type_of<T>(), dynamic_twin<T>()).value();
  for (auto _ : state) benchmark::DoNotOptimize(c.convert(*source));
  count_records(state);
}
template <class T>
void to_typed(benchmark::State& state) {
  const auto dynamic = dynamic_twin<T>();
  const auto there = millrace::make_converter(millrace::record_type_of<T>(), dynamic).value().convert(*make_batch<T>());
  const auto c = millrace::make_converter(dynamic, millrace::record_type_of<T>()).value();
  for (auto _ : state) benchmark::DoNotOptimize(c.convert(*there));
  count_records(state);
}

BENCHMARK_TEMPLATE(build, bid);
BENCHMARK_TEMPLATE(build, trade);
BENCHMARK_TEMPLATE(encode, bid);
BENCHMARK_TEMPLATE(encode, trade);
BENCHMARK_TEMPLATE(decode_typed, bid);
BENCHMARK_TEMPLATE(decode_typed, trade);
BENCHMARK_TEMPLATE(decode_dynamic, trade);
BENCHMARK(hash_int);
BENCHMARK(hash_string);
BENCHMARK(hash_pair);
BENCHMARK(keys_int);
BENCHMARK_TEMPLATE(scatter_to_four, bid);
BENCHMARK_TEMPLATE(scatter_to_four, trade);
BENCHMARK_TEMPLATE(to_dynamic, trade);
BENCHMARK_TEMPLATE(to_typed, trade);

}  // namespace

BENCHMARK_MAIN();
