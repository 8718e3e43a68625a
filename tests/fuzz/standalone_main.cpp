// Runs a libFuzzer target without libFuzzer, so that every target takes part in the ordinary test run with any
// compiler: replays the corpus given, then feeds it seeded mutations of it. A finding is a crash, a failed assertion or
// a timeout.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using input = std::vector<std::uint8_t>;
using random_source = std::mt19937_64;

// Whichever comes first; the count keeps a fast target's run the same on every machine.
constexpr std::size_t mutations_max = 200'000;
constexpr std::chrono::seconds time_max{2};
constexpr std::size_t input_bytes_max = 64 * 1024;

std::size_t below(random_source& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random);
}

std::uint8_t any_byte(random_source& random) {
  return static_cast<std::uint8_t>(below(random, 256));
}

std::vector<input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator{folder}) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);  // the same order, so the same mutations, on every file system
  std::vector<input> corpus{{}};
  for (const auto& path : paths) {
    std::ifstream file{path, std::ios::binary};
    corpus.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  return corpus;
}

void mutate_once(input& bytes, random_source& random) {
  const auto at = bytes.empty() ? 0 : below(random, bytes.size());
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (bytes.empty() ? 0 : below(random, 5)) {
    case 0:
      bytes.insert(place, any_byte(random));
      break;
    case 1:
      bytes[at] = any_byte(random);
      break;
    case 2:
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1U << below(random, 8)));
      break;
    case 3:
      bytes.erase(place);
      break;
    default:
      bytes.erase(place, bytes.end());
      break;
  }
}

input mutant_of(const input& origin, random_source& random) {
  input bytes = origin;
  for (auto count = 1 + below(random, 8); count > 0; --count) mutate_once(bytes, random);
  if (bytes.size() > input_bytes_max) bytes.resize(input_bytes_max);
  return bytes;
}

std::uint64_t seed_wanted() {
  const char* text = std::getenv("MILLRACE_SEED");
  std::uint64_t seed = 1;
  if (text != nullptr) std::from_chars(text, text + std::char_traits<char>::length(text), seed);
  return seed;
}

}  // namespace

int main(int argc, char** argv) {
  const auto corpus = read_corpus(argc > 1 ? argv[1] : "");
  const auto seed = seed_wanted();
  std::cout << corpus.size() << " inputs, seed " << seed << " (MILLRACE_SEED)" << std::endl;
  for (const auto& bytes : corpus) LLVMFuzzerTestOneInput(bytes.data(), bytes.size());

  random_source random{seed};
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  std::size_t done = 0;
  while (done < mutations_max && std::chrono::steady_clock::now() < deadline) {
    const auto bytes = mutant_of(corpus[below(random, corpus.size())], random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++done;
  }
  std::cout << done << " mutations" << std::endl;
  return 0;
}
