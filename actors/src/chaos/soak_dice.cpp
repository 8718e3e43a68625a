#include <algorithm>

#include "chaos/soak.hpp"
#include "millrace/context.hpp"

namespace millrace::chaos {

namespace {

/// What a kind is done to, and how much of it a topology is to bear for a moment.
struct rule {
  const char* kind;
  const char* target;
  std::vector<std::string> parameters;
  bool strikes_once;
};

const std::vector<rule>& rules() {
  static const std::vector<rule> all{
      {"kill", "*@1", {}, true},
      {"throw", "*@1", {}, true},
      {"hang", "*@1", {}, false},
      {"slow", "*@1", {"delay_ms=5"}, false},
      {"stall", "*@1", {}, false},
      {"delay", "*->*@25%", {"delay_ms=20"}, false},
      {"jitter", "*->*@25%", {}, false},
      {"drop", "*->*@1", {}, false},
      {"duplicate", "*->*@25%", {}, false},
      {"reorder", "*->*@1", {}, false},
      {"corrupt", "*->*@1", {}, false},
      {"barrier-delay", "*->*@1", {}, false},
      {"barrier-drop", "*->*@1", {}, true},
      {"credit-stall", "*->*@1", {}, false},
      {"disk-slow", "*", {"delay_ms=20"}, false},
      {"process-kill", "", {}, true},
      {"process-pause", "", {}, true},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& soak_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& r : rules()) out.emplace_back(r.kind);
    return out;
  }();
  return names;
}

soak_dice::soak_dice(std::uint64_t seed, std::vector<std::string> kinds)
    : state_{seed}, kinds_{kinds.empty() ? soak_kinds() : std::move(kinds)} {}

std::uint64_t soak_dice::draw() noexcept {
  random_source r{state_};
  const auto out = r();
  state_ = r.state();
  return out;
}

soak_fault soak_dice::next() {
  const auto& kind = kinds_[draw() % kinds_.size()];
  const auto at = std::ranges::find(rules(), kind, &rule::kind);
  soak_fault out{kind, at->target, at->parameters, std::chrono::milliseconds{200 + draw() % 800}};
  if (at->strikes_once) out.lasts = {};
  return out;
}

std::chrono::milliseconds soak_dice::pause() {
  return std::chrono::milliseconds{100 + draw() % 900};
}

}  // namespace millrace::chaos
