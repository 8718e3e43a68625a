#include "millrace/testing/purity.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <set>

#include "millrace/context.hpp"
#include "millrace/key_codec.hpp"
#include "testing/outside_calls.hpp"

namespace millrace::testing {

namespace {

struct print {
  std::uint32_t channel = 0;
  std::uint64_t content = 0;
  friend bool operator==(const print&, const print&) = default;
};

std::uint64_t content_of(const engine::frame& f, byte_buffer& scratch) {
  scratch.clear();
  if (f.body) f.body->type().encode(*f.body, scratch);
  const auto head = static_cast<std::uint64_t>(f.kind) + f.first.value * 8 + static_cast<std::uint64_t>(f.watermark.ns);
  return key_hash(scratch.view()) ^ head * 0x9e3779b97f4a7c15ULL;
}

/// Makes the addresses an actor gets unlike those of the run before: memory of all the usual sizes is taken and given
/// back in another order between any two frames.
class heap_noise {
public:
  explicit heap_noise(std::uint64_t seed) : random_{seed} {}
  void stir() {
    if (random_.state() == 0) return;
    for (int i = 0; i < 8; ++i) {
      auto& block = held_[random_.below(held_.size())];
      block = random_.below(3) == 0 ? nullptr : std::make_unique<std::byte[]>(16 + random_.below(400));
    }
  }

private:
  random_source random_;
  std::array<std::unique_ptr<std::byte[]>, 512> held_;
};

struct traced {
  std::vector<print> frames;
  std::set<std::string> calls;
};

traced trace_of(const topology_harness& h, std::uint64_t seed, std::uint64_t shift) {
  traced out;
  byte_buffer scratch;
  heap_noise noise{shift};
  for (int i = 0; i < 200; ++i) noise.stir();
  const outside_watch watch{shift};
  (void)h.run({.seed = seed, .on_frame = [&](const engine::frame& f) {
                 out.frames.push_back({f.channel.value, content_of(f, scratch)});
                 noise.stir();
               }});
  out.calls = watch.calls();
  return out;
}

std::string parting(const engine::plan& p, const std::vector<print>& a, const std::vector<print>& b) {
  const auto [x, y] = std::ranges::mismatch(a, b);
  if (x == a.end() && y == b.end()) return {};
  const auto channel = x != a.end() ? x->channel : y->channel;
  return "frame " + std::to_string(x - a.begin()) + ", on " + p.channels[channel].name + ", differs";
}

}  // namespace

std::string purity_report::text() const {
  std::string out;
  for (const auto& c : calls) out += c + "; take it from the context\n";
  if (!difference.empty()) {
    out += difference + ": the actor that sent it does not depend on input, state and context alone\n";
  }
  return out;
}

purity_report check_purity(const topology_harness& h, const purity_options& o) {
  purity_report out;
  std::set<std::string> calls;
  for (std::uint64_t i = 0; i < o.seeds && out.difference.empty(); ++i) {
    const auto seed = o.first_seed + i;
    const auto a = trace_of(h, seed, 0);
    const auto b = trace_of(h, seed, i + 1);
    calls.insert(a.calls.begin(), a.calls.end());
    calls.insert(b.calls.begin(), b.calls.end());
    out.difference = parting(h.plan(), a.frames, b.frames);
    if (!out.difference.empty()) out.difference = "seed " + std::to_string(seed) + ": " + out.difference;
  }
  out.calls.assign(calls.begin(), calls.end());
  return out;
}

}  // namespace millrace::testing
