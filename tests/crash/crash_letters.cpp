#include "crash_letters.hpp"

#include <map>

#include "millrace/persistence/dead_letter_store.hpp"

namespace millrace::crash {

std::string compare_letters(const std::filesystem::path& data, const expected_output& expected) {
  auto store = persistence::open_dead_letter_store(data);
  if (!store) return "the dead letters cannot be read: " + store.error().message + "\n";
  std::string out;
  std::map<std::string, int> seen;
  const auto walked = (*store)->for_each([&](const engine::kept_letter& l) {
    const auto place =
        std::filesystem::path{l.what.channel}.filename().string() + ":" + std::to_string(l.what.sequence);
    ++seen[place];
    const auto line = expected.malformed.find(place);
    if (line == expected.malformed.end() || line->second != l.what.content) {
      out += "dead letter " + to_string(l.id) + ": '" + l.what.content + "' is not what stands at " + place + "\n";
    }
    if (l.state != engine::letter_state::open) {
      out += "dead letter " + to_string(l.id) + " is " + to_string(l.state) + "\n";
    }
    if (l.what.reason.find("is no int64") == std::string::npos) out += "a reason is wrong: " + l.what.reason + "\n";
    return out.size() < 1000;
  });
  if (!walked) return "the dead letters cannot be read: " + walked.error().message + "\n";
  std::size_t lost = 0;
  for (const auto& [place, line] : expected.malformed) {
    const auto n = seen[place];
    lost += n == 0 ? 1 : 0;
    if (n > 1) out += "the line at " + place + " is " + std::to_string(n) + " dead letters\n";
  }
  if (lost != 0)
    out += std::to_string(lost) + " of " + std::to_string(expected.malformed.size()) + " dead letters are lost\n";
  return out;
}

}  // namespace millrace::crash
