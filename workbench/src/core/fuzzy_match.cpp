#include "core/fuzzy_match.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace millrace::workbench {
namespace {

constexpr int none = std::numeric_limits<int>::min() / 2;
constexpr int scoreOfLetter = 10;
constexpr int scoreOfWordStart = 40;
constexpr int scoreOfTextStart = 20;
constexpr int scoreOfFollowing = 25;

bool isWordStart(const QString& text, qsizetype at) {
  return at == 0 || !text[at - 1].isLetterOrNumber() || (text[at].isUpper() && !text[at - 1].isUpper());
}

int scoreAt(const QString& text, qsizetype at) {
  return scoreOfLetter + (isWordStart(text, at) ? scoreOfWordStart : 0) + (at == 0 ? scoreOfTextStart : 0);
}

}  // namespace

std::optional<int> fuzzyScore(const QString& typed, const QString& text) {
  if (typed.isEmpty()) return 0;
  const auto width = static_cast<std::size_t>(text.size());
  // best[j]: of all ways that put the letter in hand at j.
  std::vector<int> best(width, none);
  for (qsizetype i = 0; i < typed.size(); ++i) {
    std::vector<int> next(width, none);
    int before = i == 0 ? 0 : none;  // the best way that ends before j
    for (std::size_t j = 0; j < width; ++j) {
      const auto at = static_cast<qsizetype>(j);
      if (typed[i].toCaseFolded() == text[at].toCaseFolded()) {
        const int following = i > 0 && j > 0 && best[j - 1] != none ? best[j - 1] + scoreOfFollowing : none;
        const int reached = std::max(before, following);
        if (reached != none) next[j] = reached + scoreAt(text, at);
      }
      if (i > 0) before = std::max(before, best[j]);
    }
    best = std::move(next);
  }
  const int found = width == 0 ? none : *std::ranges::max_element(best);
  if (found <= none / 2) return std::nullopt;
  return found - static_cast<int>(std::min<std::size_t>(width, 100)) / 4;
}

}  // namespace millrace::workbench
