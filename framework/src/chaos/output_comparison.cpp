#include "millrace/chaos/output_comparison.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace millrace::chaos {

namespace {

constexpr std::size_t examples_of_each = 3;

/// The records of one key, in order, in both runs.
struct history {
  std::vector<const std::string*> expected;
  std::vector<const std::string*> found;
};

using histories = std::map<std::string, history>;

histories by_key(const std::vector<output_record>& expected, const std::vector<output_record>& found) {
  histories out;
  for (const auto& r : expected) out[r.key].expected.push_back(&r.text);
  for (const auto& r : found) out[r.key].found.push_back(&r.text);
  return out;
}

void note(output_difference& d, std::uint64_t count, const char* what, const std::string& text) {
  if (count > examples_of_each) return;
  d.examples.push_back(std::string{what} + ": " + text);
}

/// What is there too rarely and too often.
void count(const history& of, output_difference& d) {
  std::map<std::string_view, std::pair<std::int64_t, std::int64_t>> seen;  // expected, found
  for (const auto* t : of.expected) ++seen[*t].first;
  for (const auto* t : of.found) ++seen[*t].second;
  std::vector<std::string_view> missing;
  std::vector<std::string_view> extra;
  for (const auto& [text, n] : seen) {
    for (auto i = n.second; i < n.first; ++i) missing.push_back(text);
    for (auto i = n.first; i < n.second; ++i) {
      if (n.first == 0) {
        extra.push_back(text);
      } else {
        note(d, ++d.duplicated, "duplicated", std::string{text});
      }
    }
  }
  const auto pairs = std::min(missing.size(), extra.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (i < pairs) {
      note(d, ++d.changed, "changed", std::string{missing[i]} + " became " + std::string{extra[i]});
    } else {
      note(d, ++d.lost, "lost", std::string{missing[i]});
    }
  }
  for (auto i = pairs; i < extra.size(); ++i) note(d, ++d.unexpected, "unexpected", std::string{extra[i]});
}

/// How many would have to move. Records that are equal take each other's places in the order they come in.
std::uint64_t moved(const history& of) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> places;
  for (std::size_t i = of.expected.size(); i-- > 0;) places[*of.expected[i]].push_back(i);
  std::vector<std::size_t> tails;  // of increasing subsequences, by length
  std::uint64_t common = 0;
  for (const auto* t : of.found) {
    const auto at = places.find(*t);
    if (at == places.end() || at->second.empty()) continue;
    const auto place = at->second.back();
    at->second.pop_back();
    ++common;
    const auto tail = std::ranges::lower_bound(tails, place);
    if (tail == tails.end()) {
      tails.push_back(place);
    } else {
      *tail = place;
    }
  }
  return common - tails.size();
}

}  // namespace

output_difference compare_outputs(const std::vector<output_record>& expected, const std::vector<output_record>& found,
                                  output_order order) {
  output_difference d;
  d.expected = expected.size();
  d.found = found.size();
  for (const auto& [key, of] : by_key(expected, found)) {
    count(of, d);
    if (order != output_order::by_key) continue;
    if (const auto n = moved(of); n != 0) {
      if (d.reordered < examples_of_each) d.examples.push_back("reordered: " + std::to_string(n) + " of key " + key);
      d.reordered += n;
    }
  }
  return d;
}

}  // namespace millrace::chaos
