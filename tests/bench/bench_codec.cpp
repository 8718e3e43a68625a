#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/convert.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/key.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/text/record_writer.hpp"

// Cost per record of what happens to every record: building, encoding, decoding, hashing, dealing out, converting; and
// of the same records as lines of JSON, to see what the binary codec saves. Batches of 256, as on the data path. Read
// `time_per_record` and `bytes_per_record`.

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

/// As `millrace bench links` sends them: 40 bytes in memory.
struct order {
  std::uint64_t key = 0;
  std::int64_t at_ns = 0;
  double price = 0;
  double amount = 0;
  std::int32_t quantity = 0;
  std::int32_t part = 0;
  friend bool operator==(const order&, const order&) = default;
};
MILLRACE_RECORD(order, 1, key, at_ns, price, amount, quantity, part)

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
order make(std::int64_t i, order*) {
  const auto quantity = static_cast<std::int32_t>(i % 9 + 1);
  const auto cents = 9'995 + i;  // amounts as people write them: few digits as texts
  return {static_cast<std::uint64_t>(i) * 7919,
          1'700'000'000'000'000'000 + i,
          static_cast<double>(cents) / 100,
          static_cast<double>(cents * quantity) / 100,
          quantity,
          static_cast<std::int32_t>(i % 4)};
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
  const auto records = state.iterations() * batch_records;
  state.SetItemsProcessed(records);
  state.counters["time_per_record"] =
      benchmark::Counter(static_cast<double>(records), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.counters["bytes_per_record"] = static_cast<double>(bytes) / batch_records;
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
  count_bytes(state, out.size());
  count_records(state);
}

void decode(benchmark::State& state, const millrace::record_type& type, const millrace::batch_ptr& source) {
  millrace::byte_buffer bytes;
  source->type().encode(*source, bytes);
  for (auto _ : state) benchmark::DoNotOptimize(type.decode(bytes.view(), batch_records).value());
  count_bytes(state, bytes.view().size());
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

// Lines of JSON. What is read becomes a batch, as with the codec.

std::string with_nlohmann(std::span<const order> records) {
  std::string out;
  for (const auto& r : records) {
    const nlohmann::json line{{"key", r.key},       {"at_ns", r.at_ns},       {"price", r.price},
                              {"amount", r.amount}, {"quantity", r.quantity}, {"part", r.part}};
    out += line.dump();
    out += '\n';
  }
  return out;
}

/// Calls `take` with each line, without its end.
template <class Char, class Take>
void each_line(std::span<Char> text, const Take& take) {
  while (!text.empty()) {
    const auto end = std::ranges::find(text, '\n');
    const auto length = static_cast<std::size_t>(end - text.begin());
    take(text.first(length));
    text = text.subspan(std::min(length + 1, text.size()));
  }
}

millrace::batch_ptr from_nlohmann(const std::string& text) {
  millrace::typed_builder<order> builder{batch_records};
  each_line(std::span{text}, [&](std::span<const char> line) {
    const auto r = nlohmann::json::parse(line.begin(), line.end());
    builder.push({r.at("key").get<std::uint64_t>(), r.at("at_ns").get<std::int64_t>(), r.at("price").get<double>(),
                  r.at("amount").get<double>(), r.at("quantity").get<std::int32_t>(),
                  r.at("part").get<std::int32_t>()});
  });
  return builder.finish();
}

std::string with_writer(const millrace::batch& records) {
  millrace::record_writer writer{millrace::record_writer::format::jsonl, millrace::time_format::ns};
  std::string out;
  for (std::uint32_t i = 0; i < records.size(); ++i) writer.append(out, {records, i});
  return out;
}

millrace::batch_ptr from_parser(const millrace::record_type_ptr& type, millrace::record_parser& parser,
                                std::string& text) {
  const auto builder = type->make_builder(batch_records);
  auto& row = static_cast<millrace::dynamic_builder&>(*builder);
  millrace::line_problem problem;
  each_line(std::span{text}, [&](std::span<char> line) { (void)parser.parse(line, row, problem); });
  return row.finish();
}

/// A reader that is quick because it reads something else is none.
void check_read(benchmark::State& state, const millrace::batch_ptr& read) {
  const auto wanted = make_batch<order>();
  if (!std::ranges::equal(millrace::rows<order>(*read), millrace::rows<order>(*wanted))) {
    state.SkipWithError("what was read is not what was written");
  }
}

void json_write_nlohmann(benchmark::State& state) {
  const auto source = make_batch<order>();
  const auto records = millrace::rows<order>(*source);
  for (auto _ : state) benchmark::DoNotOptimize(with_nlohmann(records));
  count_bytes(state, with_nlohmann(records).size());
  count_records(state);
}

void json_read_nlohmann(benchmark::State& state) {
  const auto source = make_batch<order>();
  const auto text = with_nlohmann(millrace::rows<order>(*source));
  check_read(state, from_nlohmann(text));
  for (auto _ : state) benchmark::DoNotOptimize(from_nlohmann(text));
  count_bytes(state, text.size());
  count_records(state);
}

millrace::batch_ptr dynamic_batch_of(const millrace::record_type_ptr& type) {
  return millrace::make_converter(millrace::record_type_of<order>(), type).value().convert(*make_batch<order>());
}

void json_write_lines(benchmark::State& state) {
  const auto type = dynamic_twin<order>();
  const auto source = dynamic_batch_of(type);
  for (auto _ : state) benchmark::DoNotOptimize(with_writer(*source));
  count_bytes(state, with_writer(*source).size());
  count_records(state);
}

void json_read_lines(benchmark::State& state) {
  const auto type = dynamic_twin<order>();
  const auto parser = millrace::make_json_parser(millrace::schema_of<order>());
  const auto text = with_writer(*dynamic_batch_of(type));
  const auto back = millrace::make_converter(type, millrace::record_type_of<order>()).value();
  // The parser may change what it reads: a copy each time, a small part of what reading costs.
  std::string copy = text;
  check_read(state, back.convert(*from_parser(type, *parser, copy)));
  for (auto _ : state) {
    copy = text;
    benchmark::DoNotOptimize(from_parser(type, *parser, copy));
  }
  count_bytes(state, text.size());
  count_records(state);
}

BENCHMARK_TEMPLATE(build, bid);
BENCHMARK_TEMPLATE(build, trade);
BENCHMARK_TEMPLATE(encode, bid);
BENCHMARK_TEMPLATE(encode, trade);
BENCHMARK_TEMPLATE(decode_typed, bid);
BENCHMARK_TEMPLATE(decode_typed, trade);
BENCHMARK_TEMPLATE(decode_dynamic, trade);
BENCHMARK_TEMPLATE(encode, order);
BENCHMARK_TEMPLATE(decode_typed, order);
BENCHMARK_TEMPLATE(decode_dynamic, order);
BENCHMARK(json_write_nlohmann);
BENCHMARK(json_read_nlohmann);
BENCHMARK(json_write_lines);
BENCHMARK(json_read_lines);
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
