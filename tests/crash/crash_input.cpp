#include "crash_input.hpp"

#include "library/sources/byte_stream.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <random>
#include <sstream>
#include <tuple>

namespace millrace::crash {

namespace {

constexpr int own_accounts = 40;
constexpr int shared_accounts = 10;
constexpr std::size_t malformed_bytes = 20'000;
constexpr std::int64_t step_ns = 10'000'000;  // 100 entries a second of event time

struct account_state {
  std::int64_t count = 0;
  std::int64_t total = 0;
  std::vector<std::int64_t> recent;
};

std::string line(const std::string& account, const char* kind, std::int64_t number, std::int64_t count,
                 std::int64_t total, std::int64_t recent) {
  std::ostringstream out;
  out << account << ',' << kind << ',' << number << ',' << count << ',' << total << ',' << recent;
  return out.str();
}

/// Works out what a file's or feed's entries come to.
class clerk {
public:
  explicit clerk(expected_output& out) : out_{out} {}

  void take(const std::string& account, std::int64_t n, std::int64_t amount) {
    auto& second = seconds_[{account, n * step_ns / 1'000'000'000}];
    ++second.first;
    second.second += amount;
    if (account.front() == 's') return;  // fed by both files: the order of its entries is nobody's promise
    auto& state = accounts_[account];
    ++state.count;
    state.total += amount;
    state.recent.push_back(amount);
    std::int64_t recent = 0;
    for (std::size_t i = state.recent.size() - std::min<std::size_t>(5, state.recent.size()); i < state.recent.size();
         ++i) {
      recent += state.recent[i];
    }
    out_.in_order[account].push_back(line(account, "run", n, state.count, state.total, recent));
  }
  void finish() {
    for (const auto& [where, sum] : seconds_) {
      out_.sorted.push_back(line(std::get<0>(where), "sum", std::get<1>(where), sum.first, sum.second, 0));
    }
    std::sort(out_.sorted.begin(), out_.sorted.end());
  }

private:
  expected_output& out_;
  std::map<std::string, account_state> accounts_;
  std::map<std::tuple<std::string, std::int64_t>, std::pair<std::int64_t, std::int64_t>> seconds_;
};

}  // namespace

void expect_feed(const std::vector<feed_entry>& entries, expected_output& expected) {
  clerk books{expected};
  for (const auto& e : entries) books.take(e.account, e.number, e.amount);
  books.finish();
}

expected_output write_input(const std::filesystem::path& folder, std::int64_t lines, std::uint64_t seed,
                            std::int64_t malformed_each) {
  expected_output out;
  std::mt19937_64 random{seed};
  clerk books{out};
  for (const char file : {'a', 'b'}) {
    std::ofstream csv{folder / (std::string{file} + ".csv")};
    csv << "account,number,amount,at\n";
    std::int64_t line_number = 1;
    for (std::int64_t n = 1; n <= lines; ++n) {
      ++line_number;
      if (n % malformed_each == 0) {
        // Those of one file are so long that the store puts them into its file, where the others stay in its index.
        const auto text = "x-" + std::string(file == 'b' ? malformed_bytes : 0, 'x') + std::to_string(n) + ",\"" +
                          std::to_string(n) + "\"\"\",1,2";
        csv << text << '\n';
        out.malformed[std::string{file} + ".csv:" + std::to_string(line_number++)] = text;
      }
      const bool is_shared = random() % 4 == 0;
      const auto account = is_shared ? "s-" + std::to_string(random() % shared_accounts)
                                     : std::string{file} + "-" + std::to_string(random() % own_accounts);
      const auto amount = static_cast<std::int64_t>(random() % 20'001) - 10'000;
      csv << account << ',' << n << ',' << amount << ',' << n * step_ns << '\n';
      books.take(account, n, amount);
    }
  }
  books.finish();
  return out;
}

std::string unpack_output(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> packed;
  for (const auto& f : std::filesystem::directory_iterator{folder}) {
    if (f.is_regular_file() && library::packing_of(f.path().string()) != library::packing::none)
      packed.push_back(f.path());
  }
  for (const auto& p : packed) {
    try {
      const auto content = library::open_bytes(p.string());
      std::ofstream out{std::string{library::unpacked_name(p.string())}, std::ios::binary};
      std::array<char, 65536> buffer;
      while (const auto n = content->read(buffer)) out.write(buffer.data(), static_cast<std::streamsize>(n));
    } catch (const std::exception& e) {
      return std::string{e.what()} + "\n";
    }
    std::filesystem::remove(p);
  }
  return {};
}

std::string compare_output(const std::filesystem::path& folder, const expected_output& expected) {
  std::vector<std::filesystem::path> segments;
  for (const auto& f : std::filesystem::directory_iterator{folder}) {
    if (f.is_regular_file() && f.path().extension() == ".csv") segments.push_back(f.path());
  }
  std::sort(segments.begin(), segments.end());
  expected_output seen;
  for (const auto& s : segments) {
    std::ifstream in{s};
    std::string text;
    while (std::getline(in, text)) {
      if (text.rfind("account,", 0) == 0) continue;
      const auto account = text.substr(0, text.find(','));
      if (text.compare(account.size(), 5, ",run,") == 0) {
        seen.in_order[account].push_back(text);
      } else {
        seen.sorted.push_back(text);
      }
    }
  }
  std::sort(seen.sorted.begin(), seen.sorted.end());
  std::ostringstream out;
  for (const auto& [account, lines] : expected.in_order) {
    const auto& got = seen.in_order[account];
    if (got == lines) continue;
    const auto [e, g] = std::mismatch(lines.begin(), lines.end(), got.begin(), got.end());
    out << "account " << account << ": " << got.size() << " lines for " << lines.size()
        << ", first difference: expected '" << (e == lines.end() ? "nothing" : *e) << "', got '"
        << (g == got.end() ? "nothing" : *g) << "'\n";
  }
  if (seen.sorted != expected.sorted) {
    const auto [e, g] =
        std::mismatch(expected.sorted.begin(), expected.sorted.end(), seen.sorted.begin(), seen.sorted.end());
    out << "sums: " << seen.sorted.size() << " lines for " << expected.sorted.size() << ", first difference: expected '"
        << (e == expected.sorted.end() ? "nothing" : *e) << "', got '" << (g == seen.sorted.end() ? "nothing" : *g)
        << "'\n";
  }
  return out.str();
}

}  // namespace millrace::crash
