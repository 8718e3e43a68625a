#pragma once

#include "millrace/param.hpp"
#include "millrace/router.hpp"

/// The routers every topology needs; registered as `millrace.by_key`, `millrace.round_robin` and `millrace.broadcast`.

namespace millrace::routers {

/// Sends every event of a key to the partition that owns the key group, so keyed inputs may follow. The key is that of
/// the input behind.
///
/// With `salt` n > 1 each event of a key goes to one of n partitions, drawn at random: what lies behind keeps partial
/// results there and merges them, which validation arranges (docs/skew.md).
class by_key final : public router {
public:
  bool routes_by_key() const noexcept override { return true; }
  std::uint32_t salt() const noexcept override { return *salt_; }
  void use_key(std::shared_ptr<const key_extractor> key, std::uint32_t key_groups) override;
  /// Throws std::invalid_argument naming the record whose key is NaN.
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override;

private:
  void spread(context& c, std::uint32_t partitions, std::span<std::uint16_t> targets) const;

  param<std::uint32_t> salt_{this,
                             "salt",
                             1,
                             {.min = 1,
                              .max = partitions_max,
                              .help = "Partitions the events of one key are spread over; more than 1 wants an "
                                      "aggregation behind that can be merged."}};
  std::shared_ptr<const key_extractor> key_;
  std::uint32_t key_groups_ = 1;
};

/// Deals events out in turn. The turn is part of the snapshot, so a recovery deals the same way.
class round_robin final : public router {
public:
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override;
  void save_state(msgpack::writer& out) const override { out.integer(next_); }
  bool load_state(msgpack::reader& in) override { return in.integer(next_); }

private:
  std::uint32_t next_ = 0;
};

/// Sends every event to every partition.
class broadcast final : public router {
public:
  bool broadcasts() const noexcept override { return true; }
  bool route(context& c, const batch& records, std::uint32_t partitions, std::span<std::uint16_t> targets,
             std::span<std::uint64_t> hashes) override;
};

}  // namespace millrace::routers
