#include "millrace/patterns/automaton.hpp"

#include <string>

#include "millrace/check.hpp"
#include "millrace/crc32c.hpp"

namespace millrace::patterns {

namespace {

std::string text_of(const definition& d) {
  std::string text;
  const auto add = [&](std::int64_t number) { text += std::to_string(number) + ","; };
  for (const auto& s : d.stages) {
    text += s.name + ":";
    for (const auto number :
         {static_cast<std::uint32_t>(s.follows), static_cast<std::uint32_t>(s.inner), s.min, s.max}) {
      add(number);
    }
    add((s.is_greedy ? 1 : 0) + (s.is_negative ? 2 : 0));
  }
  add(d.within ? d.within->count() : -1);
  add(static_cast<std::int64_t>(d.skip));
  return text + d.skip_stage;
}

bool waits(const step& s) noexcept {
  return s.what == step::kind::guard || s.is_greedy;
}

/// What comes when all stages are done: nothing more to wait for, or the wait for what steps before may still take.
void add_end(path& p) {
  bool is_waiting = false;
  bool is_lasting = false;
  for (const auto& s : p.steps) {
    if (!waits(s)) continue;
    is_waiting = true;
    is_lasting = is_lasting || s.how != contiguity::strict;
  }
  if (is_waiting) {
    p.steps.push_back({.what = step::kind::end, .is_lasting = is_lasting});
  } else {
    p.accepts = true;
  }
}

}  // namespace

path make_path(const definition& d, const stage* loop, std::size_t from, bool can_leave) {
  path p;
  if (loop != nullptr) {
    p.steps.push_back({step::kind::take, static_cast<std::uint8_t>(from - 1), loop->inner, loop->is_greedy});
  }
  if (!can_leave) return p;
  for (auto i = from; i < d.stages.size(); ++i) {
    const auto& s = d.stages[i];
    const auto kind = s.is_negative ? step::kind::guard : step::kind::take;
    p.steps.push_back({kind, static_cast<std::uint8_t>(i), s.follows, s.is_greedy});
    if (!s.is_negative && s.min != 0) return p;
  }
  add_end(p);
  return p;
}

automaton::automaton(definition d) : definition_{std::move(d)} {
  MILLRACE_CHECK(!definition_.problem(), "an automaton is made of a definition that has a problem");
  for (std::size_t i = 0; i < definition_.stages.size(); ++i) {
    for (const bool can_leave : {false, true}) {
      for (const bool can_loop : {false, true}) {
        paths_.push_back(make_path(definition_, can_loop ? &definition_.stages[i] : nullptr, i + 1, can_leave));
      }
    }
  }
  paths_.push_back(make_path(definition_, nullptr, 0, true));
  const auto text = text_of(definition_);
  fingerprint_ = crc32c(std::as_bytes(std::span{text.data(), text.size()}));
}

}  // namespace millrace::patterns
