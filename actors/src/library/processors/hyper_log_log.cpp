#include "library/processors/hyper_log_log.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace millrace::library {

namespace {

constexpr unsigned rank_bits = 8;
constexpr unsigned hash_bits = 64;

constexpr std::uint32_t index_of(std::uint32_t pair) noexcept {
  return pair >> rank_bits;
}
constexpr std::uint8_t rank_of(std::uint32_t pair) noexcept {
  return static_cast<std::uint8_t>(pair & 0xffU);
}

/// Ertl 2017, algorithm 5: what registers that saw nothing say.
double sigma(double x) noexcept {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  for (double before = -1; z != before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

/// Ertl 2017, algorithm 5: what registers at their end say.
double tau(double x) noexcept {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  for (double before = -1; z != before;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

}  // namespace

template <class F>
void hyper_log_log::for_each(F&& f) const {
  for (const auto p : pairs_) f(index_of(p), rank_of(p));
  for (std::uint32_t i = 0; i < ranks_.size(); ++i) {
    if (ranks_[i] != 0) f(i, ranks_[i]);
  }
}

void hyper_log_log::add(std::uint64_t hash, unsigned precision) {
  if (precision_ == 0) precision_ = static_cast<std::uint8_t>(precision);
  const auto index = static_cast<std::uint32_t>(hash >> (hash_bits - precision_));
  const auto rest = hash << precision_;
  const int zeros = std::min(std::countl_zero(rest), static_cast<int>(hash_bits - precision_));
  raise(index, static_cast<std::uint8_t>(zeros + 1));
}

void hyper_log_log::raise(std::uint32_t index, std::uint8_t rank) {
  if (is_dense()) {
    ranks_[index] = std::max(ranks_[index], rank);
    return;
  }
  const auto at = std::ranges::lower_bound(pairs_, index << rank_bits);
  if (at != pairs_.end() && index_of(*at) == index) {
    *at = std::max(*at, index << rank_bits | rank);
    return;
  }
  pairs_.insert(at, index << rank_bits | rank);
  if (pairs_.size() * sizeof(std::uint32_t) > size()) make_dense();
}

void hyper_log_log::make_dense() {
  ranks_.assign(size(), 0);
  for (const auto p : pairs_) ranks_[index_of(p)] = rank_of(p);
  pairs_ = {};
}

/// As if every value had been added with the lower precision: the bits that the index loses count for the rank.
void hyper_log_log::lower(unsigned precision) {
  const unsigned lost = precision_ - precision;
  hyper_log_log low;
  low.precision_ = static_cast<std::uint8_t>(precision);
  for_each([&](std::uint32_t index, std::uint8_t rank) {
    const auto bits = index & ((std::uint32_t{1} << lost) - 1);
    const auto zeros = bits == 0 ? lost : lost - static_cast<unsigned>(std::bit_width(bits));
    low.raise(index >> lost, static_cast<std::uint8_t>(bits == 0 ? zeros + rank : zeros + 1));
  });
  *this = std::move(low);
}

void hyper_log_log::merge(const hyper_log_log& o) {
  if (o.precision_ == 0) return;
  if (precision_ == 0) {
    *this = o;
    return;
  }
  if (precision_ > o.precision_) lower(o.precision_);
  if (precision_ < o.precision_) {
    auto low = o;
    low.lower(precision_);
    return merge(low);
  }
  o.for_each([this](std::uint32_t index, std::uint8_t rank) { raise(index, rank); });
}

double hyper_log_log::estimate() const {
  if (precision_ == 0) return 0;
  std::array<std::uint32_t, hash_bits + 2> with_rank{};
  std::uint32_t seen = 0;
  for_each([&](std::uint32_t, std::uint8_t rank) {
    ++with_rank[rank];
    ++seen;
  });
  with_rank[0] = size() - seen;
  const double m = size();
  const unsigned last = hash_bits - precision_;
  double z = m * tau(1 - with_rank[last + 1] / m);
  for (unsigned k = last; k >= 1; --k) z = 0.5 * (z + with_rank[k]);
  z += m * sigma(with_rank[0] / m);
  return m * m / (2 * std::numbers::ln2 * z);
}

}  // namespace millrace::library

namespace millrace {

using library::hyper_log_log;

void codec<hyper_log_log>::encode(msgpack::writer& w, const hyper_log_log& in) {
  w.array(3);
  w.integer(in.precision_);
  codec<std::vector<std::uint32_t>>::encode(w, in.pairs_);
  w.binary(std::as_bytes(std::span{in.ranks_}));
}

/// What does not fit the precision is refused: it would be written to later.
bool codec<hyper_log_log>::decode(msgpack::reader& r, hyper_log_log& out) {
  std::uint32_t n = 0;
  bytes_view ranks;
  if (!r.array(n) || n != 3 || !r.integer(out.precision_) ||
      !codec<std::vector<std::uint32_t>>::decode(r, out.pairs_) || !r.binary(ranks)) {
    return false;
  }
  if (out.precision_ == 0) return (out.pairs_.empty() && ranks.empty()) || r.refuse();
  const bool is_known =
      out.precision_ >= hyper_log_log::precision_min && out.precision_ <= hyper_log_log::precision_max;
  if (!is_known || (!ranks.empty() && ranks.size() != out.size())) return r.refuse();
  const auto most = library::hash_bits - out.precision_ + 1;
  for (const auto b : ranks) out.ranks_.push_back(std::to_integer<std::uint8_t>(b));
  const bool fits =
      std::ranges::all_of(out.ranks_, [&](auto rank) { return rank <= most; }) &&
      std::ranges::all_of(out.pairs_,
                          [&](auto p) { return library::index_of(p) < out.size() && library::rank_of(p) <= most; }) &&
      std::ranges::is_sorted(out.pairs_);
  return fits || r.refuse();
}

}  // namespace millrace
