#include "nexmark/event_source.hpp"

#include <cmath>
#include <stdexcept>

#include "millrace/registry.hpp"
#include "nexmark/event_json.hpp"

namespace millrace::nexmark {

namespace {

MILLRACE_ACTOR(event_source, {.id = "millrace.nexmark.events",
                              .title = "Nexmark events",
                              .category = "Bench",
                              .help = "Persons, auctions and bids of an auction site, the same for the same seed."})

}  // namespace

std::atomic<std::uint64_t>& events_brought_in() {
  static std::atomic<std::uint64_t> events{0};
  return events;
}

result<void> event_source::configure(wiring&) {
  if (input_->empty() && *count_ == 0) {
    return user_error(errc::invalid_argument, "parameter 'count' is 0 and there is no 'input': say how many events");
  }
  options_.seed = static_cast<std::uint64_t>(*seed_);
  options_.group = static_cast<std::uint64_t>(*group_);
  options_.interval = std::chrono::nanoseconds{std::llround(1e9 / *rate_)};
  maker_ = event_maker{options_};
  return {};
}

void event_source::open(context& c) {
  partition_ = c.partition();
  parallelism_ = c.parallelism();
  if (input_->empty()) return;
  if (const auto ok = reader_.open(*input_); !ok) throw std::runtime_error(ok.error().message);
  if (!reader_.seek(offset_)) throw std::runtime_error("'" + *input_ + "' is shorter than it was when it was read");
}

poll_result event_source::poll(context&, std::size_t max) {
  std::size_t made = 0;
  bool is_over = false;
  for (; made < max; ++made, ++taken_) {
    const auto number = number_of(taken_);
    is_over = (end() != 0 && number >= end()) || !bring_in(number);
    if (is_over) break;
  }
  events_brought_in().fetch_add(made, std::memory_order_relaxed);
  return is_over ? poll_result::end() : poll_result::more();
}

/// False: the file has no such event.
bool event_source::bring_in(std::uint64_t number) {
  if (input_->empty()) {
    if (!out_.is_connected()) return true;
    maker_.make(number, out_.row());
    out_.emit();
    return true;
  }
  event e;
  if (!read(number, e)) return false;
  out_.emit(std::move(e));
  return true;
}

/// Line n of the file is event n; what belongs to other partitions is passed over.
bool event_source::read(std::uint64_t number, event& out) {
  std::string_view line;
  do {
    if (!reader_.next(line)) return false;
  } while (line_++ != number);
  offset_ = reader_.offset();
  const auto parsed = parse_json_line(line, out);
  if (!parsed) {
    throw std::runtime_error(*input_ + ", line " + std::to_string(number + 1) + ", " + parsed.error().message);
  }
  return true;
}

void event_source::save_position(msgpack::writer& out) const {
  out.array(3);
  out.integer(taken_);
  out.integer(line_);
  out.integer(offset_);
}

bool event_source::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && n == 3 && in.integer(taken_) && in.integer(line_) && in.integer(offset_);
}

std::uint64_t event_source::backlog() const {
  const auto next = number_of(taken_);
  return end() <= next ? 0 : (end() - next) / parallelism_;
}

}  // namespace millrace::nexmark
