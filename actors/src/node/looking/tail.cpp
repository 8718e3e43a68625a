#include "node/looking/tail.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "millrace/inspect/channel_choice.hpp"
#include "node/arguments.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

// As long as others who ask may be kept waiting.
constexpr std::int64_t look_ns_max = 10'000'000;
// Records found in one look; of more, only the first ones are chosen from.
constexpr std::size_t found_max = 16'384;
// An answer is one message, also from one node to another, whose queues are short.
constexpr std::size_t answer_bytes_max = std::size_t{192} << 10;
// Rows a filter works through between two looks at the clock.
constexpr std::uint32_t rows_at_once = 256;

result<double> read_rate(const json& choice) {
  const auto given = choice.find("rate");
  if (given == choice.end()) return tail::rate_usual;
  if (given->is_number() && given->get<double>() > 0 && given->get<double>() <= tail::rate_max) {
    return given->get<double>();
  }
  return user_error(errc::invalid_argument, "'rate' is samples a second, more than 0 and at most 200");
}

}  // namespace

result<tail::choice> tail::read_choice(const engine::plan& plan, const json& args) {
  const auto text = text_argument(args, "channel");
  if (!text) return text.error();
  auto filter = text_argument(args, "filter");
  if (!filter) return std::move(filter).error();
  const auto rate = read_rate(args);
  if (!rate) return rate.error();
  auto channels = inspect::choose_channels(plan, *text);
  if (!channels) return std::move(channels).error();
  return choice{*std::move(channels), *std::move(filter), *rate};
}

result<std::unique_ptr<tail>> tail::open(inspect::watch_board& board, const engine::plan& plan,
                                         const inspect::condition_maker& conditions, const choice& chosen) {
  std::unique_ptr<tail> made{new tail{board, std::make_shared<engine::system_clock>(), chosen.rate}};
  made->saved_at_ = made->time_->steady_ns();
  for (const auto c : chosen.channels) {
    std::shared_ptr<inspect::record_condition> when;
    if (!chosen.filter.empty()) {
      auto compiled = conditions(chosen.filter, *inspect::received_type(plan, plan.channels[c.value]));
      if (!compiled) return std::move(compiled).error();
      when = *std::move(compiled);
    }
    made->channels_.emplace(c, watched{inspect::sample_writer{plan, c}, std::move(when)});
  }
  auto opened = board.open_tap(chosen.channels, lease);
  if (!opened) return std::move(opened).error();
  made->tap_ = *std::move(opened);
  return made;
}

tail::~tail() {
  if (tap_) board_.close_tap(*tap_);
}

json tail::describe(const engine::plan& plan, const choice& c) {
  auto names = json::array();
  for (const auto id : c.channels) names.push_back(plan.channels[id.value].name);
  return {{"channels", std::move(names)},
          {"fields", inspect::sample_writer{plan, c.channels.front()}.fields()},
          {"rate", c.rate},
          {"lease_ms", std::chrono::duration_cast<std::chrono::milliseconds>(lease).count()}};
}

std::size_t tail::allowance() {
  const auto now = time_->steady_ns();
  saved_ += rate_ * static_cast<double>(now - std::exchange(saved_at_, now)) / 1e9;
  saved_ = std::min(saved_, std::max(1.0, rate_));  // a second's worth at once, after a pause
  return static_cast<std::size_t>(saved_);
}

void tail::find_in(const inspect::glimpse& g, watched& w, std::vector<place>& found, counts& of) const {
  auto row = g.from;
  while (row < g.count && found.size() < found_max) {
    const auto end = std::min(g.count, row + rows_at_once);
    const auto hit = w.when->first_in(*g.records, row, end);
    of.failures += hit.failures;
    if (of.failure.empty()) of.failure = hit.first_failure;
    of.examined += std::min(hit.row + 1, end) - row;
    row = hit.row;
    if (hit.row == end) continue;
    found.push_back({&g, row++});
    ++of.matched;
  }
}

std::vector<tail::place> tail::fitting(const std::vector<inspect::glimpse>& kept, counts& of) {
  std::vector<place> found;
  const auto until = time_->steady_ns() + look_ns_max;
  for (const auto& g : kept) {
    if (time_->steady_ns() >= until || found.size() >= found_max) break;
    auto& w = channels_.at(g.channel);
    if (w.when != nullptr) {
      find_in(g, w, found, of);
      continue;
    }
    const auto room = static_cast<std::uint32_t>(std::min<std::size_t>(g.count - g.from, found_max - found.size()));
    for (auto row = g.from; row < g.from + room; ++row) found.push_back({&g, row});
    of.examined += room;
    of.matched += room;
  }
  return found;
}

json tail::show(const std::vector<place>& chosen) {
  auto out = json::array();
  std::size_t bytes = 0;
  for (const auto& p : chosen) {
    const auto& g = *p.batch;
    auto sample = channels_.at(g.channel).writer.write(*g.records, p.row, sequence{g.first.value + p.row}, g.watermark);
    bytes += sample.dump(-1, ' ', false, json::error_handler_t::replace).size();
    if (bytes > answer_bytes_max) break;
    out.push_back(std::move(sample));
  }
  return out;
}

json tail::read() {
  const auto seen = tap_->take();
  counts of;
  of.passed = seen.passed;
  const auto found = fitting(seen.kept, of);
  const auto most = std::min(allowance(), found.size());
  std::vector<place> chosen;
  for (std::size_t i = 0; i < most; ++i) chosen.push_back(found[i * found.size() / most]);
  auto samples = show(chosen);
  saved_ -= static_cast<double>(samples.size());
  json out{{"passed", of.passed},     {"examined", of.examined}, {"matched", of.matched},
           {"shown", samples.size()}, {"failures", of.failures}, {"samples", std::move(samples)}};
  if (!of.failure.empty()) out["failure"] = of.failure;
  return out;
}

}  // namespace millrace::node
