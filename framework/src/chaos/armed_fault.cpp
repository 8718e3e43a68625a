#include "millrace/chaos/armed_fault.hpp"

#include <algorithm>
#include <thread>

#include "millrace/check.hpp"

namespace millrace::chaos {

namespace {

// A fault that is taken away lets go of whom it holds within this time.
constexpr std::int64_t slice_ns = 5'000'000;

/// splitmix64, by Sebastiano Vigna (public domain): neighbouring inputs give unrelated outputs.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

double unit(std::uint64_t seed, std::uint64_t place, std::uint64_t n) noexcept {
  return static_cast<double>(mixed(mixed(mixed(seed) ^ place) ^ n) >> 11U) * 0x1.0p-53;
}

}  // namespace

const char* to_string(fault_state s) noexcept {
  switch (s) {
    case fault_state::active:
      return "active";
    case fault_state::spent:
      return "spent";
    case fault_state::over:
      return "over";
    case fault_state::healed:
      return "healed";
    case fault_state::cleared:
      return "cleared";
  }
  return "?";
}

armed_fault::armed_fault(std::uint64_t id, fault_request r, fault_places places,
                         std::shared_ptr<const engine::clock> time,
                         std::function<void(const armed_fault&, const std::string&, std::uint64_t)> on_hit)
    : id_{id},
      request_{std::move(r)},
      places_{std::move(places)},
      time_{std::move(time)},
      on_hit_{std::move(on_hit)},
      begun_ns_{time_->steady_ns()},
      counts_(std::max<std::size_t>(1, places_.indexes.size())),
      renewed_ns_{begun_ns_} {}

double armed_fault::parameter(const char* name) const {
  const auto found = request_.parameters.find(name);
  MILLRACE_CHECK(found != request_.parameters.end(), "a fault was armed without all of its parameters");
  return found->second;
}

std::int64_t armed_fault::parameter_ns(const char* name) const {
  return static_cast<std::int64_t>(parameter(name) * 1e6);
}

std::size_t armed_fault::ordinal(std::uint32_t place) const {
  const auto found = std::ranges::lower_bound(places_.indexes, place);
  return found == places_.indexes.end() ? 0 : static_cast<std::size_t>(found - places_.indexes.begin());
}

bool armed_fault::strikes(std::uint32_t place, std::uint64_t events) {
  if (!is_active()) return false;
  const auto at = ordinal(place);
  const auto before = counts_[at].events.fetch_add(events, std::memory_order_relaxed);
  if (request_.after_events != 0 && before + events <= request_.after_events) return false;
  const auto n = counts_[at].passes.fetch_add(1, std::memory_order_relaxed);
  if (request_.probability < 1 && unit(request_.seed, place, n) >= request_.probability) return false;
  const auto limit = *request_.hits_max;
  auto hit = hits_.load(std::memory_order_relaxed);
  do {
    if (limit != 0 && hit >= limit) return false;
  } while (!hits_.compare_exchange_weak(hit, hit + 1, std::memory_order_relaxed));
  on_hit_(*this, places_.names[at], hit + 1);
  return true;
}

double armed_fault::draw(std::uint32_t place) const {
  const auto n = counts_[ordinal(place)].passes.load(std::memory_order_relaxed);
  return unit(~request_.seed, place, n);
}

fault_state armed_fault::state() const {
  if (is_cleared_.load(std::memory_order_relaxed)) return fault_state::cleared;
  if (*request_.hits_max != 0 && hits() >= *request_.hits_max) return fault_state::spent;
  const auto now = time_->steady_ns();
  if (request_.duration.count() != 0 && now - begun_ns_ >= request_.duration.count()) return fault_state::over;
  if (now - renewed_ns_.load(std::memory_order_relaxed) >= request_.lease.count()) return fault_state::healed;
  return fault_state::active;
}

std::int64_t armed_fault::ends_ns() const noexcept {
  const auto leased = renewed_ns_.load(std::memory_order_relaxed) + request_.lease.count();
  return request_.duration.count() == 0 ? leased : std::min(leased, begun_ns_ + request_.duration.count());
}

void armed_fault::renew() {
  renewed_ns_.store(time_->steady_ns(), std::memory_order_relaxed);
}

void armed_fault::wait(std::int64_t ns) const {
  const auto until = time_->steady_ns() + ns;
  for (auto left = ns; left > 0; left = until - time_->steady_ns()) {
    if (is_cleared_.load(std::memory_order_relaxed) || time_->steady_ns() >= ends_ns()) return;
    std::this_thread::sleep_for(std::chrono::nanoseconds{std::min(left, slice_ns)});
  }
}

fault_switch::list fault_switch::faults() const {
  const std::lock_guard lock{mutex_};
  return faults_;
}

void fault_switch::add(const std::shared_ptr<armed_fault>& f) {
  const std::lock_guard lock{mutex_};
  faults_.push_back(f);
  is_on_.store(true, std::memory_order_relaxed);
}

void fault_switch::remove(const armed_fault& f) {
  const std::lock_guard lock{mutex_};
  std::erase_if(faults_, [&](const auto& known) { return known.get() == &f; });
  is_on_.store(!faults_.empty(), std::memory_order_relaxed);
}

}  // namespace millrace::chaos
