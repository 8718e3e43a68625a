#include "trial_input.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <random>

namespace sinks {

namespace {

constexpr int accounts = 30;
constexpr std::int64_t step_ns = 10'000'000;
const std::array<std::string, 8> notes{"plain", "with, comma", "\"quoted\"", "two\nlines", "back\\slash\tand tab",
                                       "Grüße", "'; --",       "\\N"};

std::string csv_text(const std::string& text) {
  std::string out{"\""};
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

std::string shortest(double v) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr};
}

using lines = std::vector<std::string>;

std::map<std::string, lines> by_account(const std::vector<row>& rows) {
  std::map<std::string, lines> out;
  for (const auto& r : rows) out[r.account].push_back(text_of(r));
  return out;
}

std::map<std::string, int> counts(const std::vector<row>& rows) {
  std::map<std::string, int> out;
  for (const auto& r : rows) ++out[text_of(r)];
  return out;
}

/// The first few of many findings.
class findings {
public:
  void add(const std::string& what) {
    if (++count_ <= 3) text_ += "  " + what + "\n";
  }
  [[nodiscard]] std::string text() const {
    return count_ <= 3 ? text_ : text_ + "  … and " + std::to_string(count_ - 3) + " more\n";
  }

private:
  int count_ = 0;
  std::string text_;
};

std::string compare_in_order(const std::vector<row>& sent, const std::vector<row>& found) {
  findings out;
  auto got = by_account(found);
  for (const auto& [account, expected] : by_account(sent)) {
    const auto& have = got[account];
    if (have == expected) continue;
    const auto [e, g] = std::mismatch(expected.begin(), expected.end(), have.begin(), have.end());
    out.add("account " + account + ": " + std::to_string(have.size()) + " rows for " + std::to_string(expected.size()) +
            ", first difference: expected '" + (e == expected.end() ? "nothing" : *e) + "', got '" +
            (g == have.end() ? "nothing" : *g) + "'");
  }
  return out.text();
}

std::vector<row> last_of_each(const std::vector<row>& sent) {
  std::map<std::string, row> last;
  for (const auto& r : sent) last[r.account] = r;
  std::vector<row> out;
  for (const auto& [account, r] : last) out.push_back(r);
  return out;
}

}  // namespace

std::string text_of(const row& r) {
  std::string out = r.id + '|' + r.account + '|' + std::to_string(r.number) + '|' +
                    (r.amount ? shortest(*r.amount) : "null") + '|' + (r.note ? '"' + *r.note + '"' : "null") + '|' +
                    std::to_string(r.at_ns);
  std::replace(out.begin(), out.end(), '\n', '~');
  return out;
}

std::vector<row> write_input(const std::filesystem::path& folder, std::int64_t line_count, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<row> out;
  for (const char file : {'a', 'b'}) {
    std::ofstream csv{folder / (std::string{file} + ".csv"), std::ios::binary};
    csv << "id,account,number,amount,note,at\n";
    for (std::int64_t n = 1; n <= line_count; ++n) {
      row r;
      r.id = file + std::to_string(n);
      r.account = file + std::string{"-"} + std::to_string(random() % accounts);
      r.number = n;
      if (random() % 5 != 0) r.amount = static_cast<double>(random() % 1'000'000) / 64;
      if (random() % 3 != 0) r.note = random() % 10 == 0 ? std::string{} : notes[random() % notes.size()];
      r.at_ns = 1'700'000'000'000'000'000 + n * step_ns;
      csv << r.id << ',' << r.account << ',' << n << ',' << (r.amount ? shortest(*r.amount) : "") << ','
          << (r.note ? csv_text(*r.note) : "") << ',' << r.at_ns << '\n';
      out.push_back(std::move(r));
    }
  }
  return out;
}

std::string compare(const std::vector<row>& sent, const std::vector<row>& found, promise p) {
  if (p == promise::each_once) return compare_in_order(sent, found);
  findings out;
  const auto expected = counts(p == promise::last_of_key ? last_of_each(sent) : sent);
  const auto got = counts(found);
  for (const auto& [text, n] : expected) {
    const auto at = got.find(text);
    if (at == got.end()) {
      out.add("missing: " + text);
    } else if (at->second != n && p != promise::at_least_once) {
      out.add(std::to_string(at->second) + " times: " + text);
    }
  }
  for (const auto& [text, n] : got) {
    if (!expected.contains(text)) out.add("never sent, or replaced since: " + text);
  }
  return out.text();
}

std::string find_strays(const std::vector<row>& sent, const std::vector<row>& found, promise p) {
  findings out;
  const auto expected = counts(sent);
  for (const auto& [text, n] : counts(found)) {
    if (!expected.contains(text)) out.add("never sent: " + text);
    if (n > 1 && p != promise::at_least_once) out.add(std::to_string(n) + " times: " + text);
  }
  return out.text();
}

}  // namespace sinks
