#include "bench/link_cargo.hpp"

#include <utility>

#include "millrace/context.hpp"
#include "millrace/record.hpp"
#include "millrace/typed_batch.hpp"

namespace millrace::bench {

/// 40 bytes in memory, and 39 to 41 encoded.
struct link_event {
  std::uint64_t key{};
  std::int64_t at_ns{};
  double price{};
  double amount{};
  std::int32_t quantity{};
  std::int32_t part{};
};
MILLRACE_RECORD(link_event, 1, key, at_ns, price, amount, quantity, part)

namespace {

/// Bytes that are neither encoded nor decoded but copied: what a link costs without a codec.
class opaque_type final : public record_type {
public:
  explicit opaque_type(byte_buffer records) : record_type{nullptr, false}, records_{std::move(records)} {}

  [[nodiscard]] std::unique_ptr<batch_builder> make_builder(std::uint32_t) const override { return nullptr; }
  void encode(const batch&, byte_buffer& out) const override { out.append(records_.view()); }
  [[nodiscard]] result<batch_ptr> decode(bytes_view encoded, std::uint32_t, const millrace::schema*) const override {
    if (encoded.size() != records_.size()) return fatal_error(errc::corrupt, "not the bytes that were sent");
    return batch_;
  }
  [[nodiscard]] value value_at(const batch&, std::uint32_t, std::uint32_t, byte_buffer&) const override { return {}; }
  [[nodiscard]] column column_of(const batch&, std::uint32_t) const noexcept override { return {}; }
  [[nodiscard]] std::uint32_t scatter(const batch& source, std::uint32_t, std::span<const std::uint16_t>,
                                      std::span<const std::uint64_t>, std::span<batch_builder* const>) const override {
    return source.size();
  }

  batch_ptr batch_;

private:
  byte_buffer records_;
};

class opaque_batch final : public batch {
public:
  explicit opaque_batch(const record_type& type) : batch{type} {}
};

class opaque_builder final : public batch_builder {
public:
  opaque_builder(const record_type& type, std::uint32_t count) : batch_builder{type, count} { size_ = count; }
  std::size_t bytes() override { return 0; }
  void append_from(const batch&, std::uint32_t) override {}
  void append_rows(const batch&, std::span<const std::uint32_t>) override {}
  void begin_row() override {}
  bool set(std::uint32_t, const value&) override { return false; }
  void drop_row() override {}
  batch_ptr finish() override { return seal(new opaque_batch{type()}, 0); }
};

batch_ptr make_events(std::uint32_t count) {
  const auto builder = record_type_of<link_event>()->make_builder(count);
  random_source random{1};
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto r = random();
    static_cast<typed_builder<link_event>&>(*builder).push(
        {r, 1'700'000'000'000'000'000 + i, static_cast<double>(r >> 40U), 1.5, static_cast<std::int32_t>(r & 127U), 3});
  }
  return builder->finish();
}

}  // namespace

cargo typed_cargo(std::uint32_t count) {
  return {record_type_of<link_event>(), make_events(count)};
}

cargo opaque_cargo(std::uint32_t count) {
  const auto events = make_events(count);
  byte_buffer records;
  events->type().encode(*events, records);
  const auto type = std::make_shared<opaque_type>(std::move(records));
  type->batch_ = opaque_builder{*type, count}.finish();
  return {type, type->batch_};
}

engine::frame frame_of(const cargo& c, std::uint64_t first) {
  return {.kind = engine::frame_kind::data,
          .channel = {1},
          .incarnation = {1},
          .first = {first},
          .count = c.records->size(),
          .body = c.records};
}

}  // namespace millrace::bench
