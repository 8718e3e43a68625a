#include "crash_feed.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "crash_actors.hpp"
#include "millrace/param.hpp"
#include "millrace/producer.hpp"

namespace millrace::crash {

namespace {

constexpr std::int64_t step_ns = 10'000'000;  // as in the files: 100 entries a second of event time
constexpr std::uint64_t accounts = 40;

std::vector<feed_entry> read_handed(const std::filesystem::path& folder) {
  std::vector<feed_entry> out;
  std::ifstream in{folder / "handed"};
  feed_entry e;
  while (in >> e.account >> e.number >> e.amount) out.push_back(e);
  return out;
}

std::int64_t count_handed(const std::filesystem::path& folder) {
  std::ifstream in{folder / "handed"};
  return std::count(std::istreambuf_iterator<char>{in}, {}, '\n');
}

/// A book of the world: what is in it stays, whoever dies.
class book {
public:
  void open(const std::filesystem::path& path) {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }
  void add(const std::string& lines) const {
    if (::write(fd_, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) {
      throw std::runtime_error("the world cannot keep its books");
    }
  }

private:
  int fd_ = -1;
};

/// A source that hands each entry out once: a live producer, logged.
class feed final : public producer {
public:
  out<entry> entries{this, "out"};
  param<std::string> folder{this, "folder", ""};
  param<std::int64_t> count{this, "count", 0};
  param<double> rate{this, "rate", 1000};

  replay replays() const noexcept override { return replay::logged; }

  void open(context& c) override {
    next_ = count_handed(*folder) + 1;
    handed_.open(std::filesystem::path{*folder} / "handed");
    acknowledged_.open(std::filesystem::path{*folder} / "acknowledged");
    from_ = next_;
    started_ = c.now();
    random_.seed(std::random_device{}());
  }
  poll_result poll(context& c, std::size_t max) override {
    if (next_ > *count) return poll_result::end();
    const auto due = from_ + static_cast<std::int64_t>(static_cast<double>((c.now() - started_).count()) * *rate / 1e9);
    const auto end = std::min({due + 1, next_ + static_cast<std::int64_t>(max), *count + 1});
    if (next_ >= end) return poll_result::wait(std::chrono::milliseconds{1});
    std::string lines;
    for (; next_ < end; ++next_) {
      entry e{"w-" + std::to_string(random_() % accounts), next_,
              static_cast<std::int64_t>(random_() % 20'001) - 10'000, event_time{next_ * step_ns}};
      lines += e.account + ' ' + std::to_string(e.number) + ' ' + std::to_string(e.amount) + '\n';
      entries.emit(std::move(e));
    }
    handed_.add(lines);
    return poll_result::more();
  }
  void on_logged(context&) override { acknowledged_.add(std::to_string(from_) + ' ' + std::to_string(next_) + '\n'); }
  // The world knows how far it is.
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return "entry " + std::to_string(next_); }

private:
  book handed_;
  book acknowledged_;
  std::int64_t from_ = 1;
  std::int64_t next_ = 1;
  processing_time started_{};
  std::mt19937_64 random_;
};
MILLRACE_ACTOR(feed, {.id = "crash.feed", .title = "Feed"})

/// Which of the feed's entries, by number, the output shows.
std::vector<bool> numbers_shown(const std::filesystem::path& output) {
  std::vector<bool> out;
  for (const auto& f : std::filesystem::directory_iterator{output}) {
    if (!f.is_regular_file() || f.path().extension() != ".csv") continue;
    std::ifstream in{f.path()};
    std::string text;
    while (std::getline(in, text)) {
      const auto run = text.find(",run,");
      if (text.rfind("w-", 0) != 0 || run == std::string::npos) continue;
      std::size_t number = 0;
      std::from_chars(text.data() + run + 5, text.data() + text.size(), number);
      if (number >= out.size()) out.resize(2 * number + 1);
      out[number] = true;
    }
  }
  return out;
}

}  // namespace

std::string add_feed(const std::filesystem::path& folder, expected_output& expected) {
  const auto shown = numbers_shown(folder / "out");
  const auto is_shown = [&shown](std::int64_t n) {
    return static_cast<std::size_t>(n) < shown.size() && shown[static_cast<std::size_t>(n)];
  };
  std::vector<feed_entry> counted;
  for (auto& e : read_handed(folder)) {
    if (is_shown(e.number)) counted.push_back(std::move(e));
  }
  expect_feed(counted, expected);
  // Each life of the feed acknowledges from its first entry on.
  std::map<std::int64_t, std::int64_t> lives;
  std::ifstream in{folder / "acknowledged"};
  for (std::int64_t from = 0, to = 0; in >> from >> to;) lives[from] = std::max(lives[from], to);
  std::set<std::int64_t> lost;
  for (const auto& [from, to] : lives) {
    for (auto n = from; n < to; ++n) {
      if (!is_shown(n)) lost.insert(n);
    }
  }
  if (lost.empty()) return {};
  return "feed: " + std::to_string(lost.size()) + " acknowledged entries are lost, the first is number " +
         std::to_string(*lost.begin()) + "\n";
}

}  // namespace millrace::crash
