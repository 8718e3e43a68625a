#include <map>
#include <mutex>
#include <string>

#include "millrace/engine/page_spill.hpp"

namespace millrace::engine {

namespace {

class memory_spill final : public page_spill {
public:
  result<void> put(std::span<const entry> pages) override {
    const std::lock_guard lock{mutex_};
    for (const auto& p : pages) {
      if (pages_.contains(p.place)) return fatal_error(errc::already_exists, "a place was put twice");
    }
    for (const auto& p : pages) {
      bytes_ += p.content.size();
      pages_[p.place].append(p.content);
    }
    return {};
  }
  result<void> get(spill_place place, byte_buffer& out) override {
    const std::lock_guard lock{mutex_};
    const auto at = pages_.find(place);
    if (at == pages_.end()) return fatal_error(errc::not_found, "there is no place " + std::to_string(place));
    out.clear();
    out.append(at->second.view());
    return {};
  }
  result<void> erase(std::span<const spill_place> places) override {
    const std::lock_guard lock{mutex_};
    for (const auto p : places) {
      const auto at = pages_.find(p);
      if (at == pages_.end()) return fatal_error(errc::not_found, "there is no place " + std::to_string(p));
      bytes_ -= at->second.size();
      pages_.erase(at);
    }
    return {};
  }
  std::uint64_t bytes() const override {
    const std::lock_guard lock{mutex_};
    return bytes_;
  }

private:
  mutable std::mutex mutex_;
  std::map<spill_place, byte_buffer> pages_;
  std::uint64_t bytes_ = 0;
};

class memory_backend final : public state_backend {
public:
  result<std::unique_ptr<page_spill>> open(std::string_view) override {
    return std::unique_ptr<page_spill>{std::make_unique<memory_spill>()};
  }
};

}  // namespace

std::shared_ptr<state_backend> memory_state_backend() {
  return std::make_shared<memory_backend>();
}

}  // namespace millrace::engine
