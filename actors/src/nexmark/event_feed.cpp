#include "nexmark/event_feed.hpp"

#include "nexmark/event_json.hpp"

namespace millrace::nexmark {

result<void> event_feed::open() {
  return options_.input.empty() ? result<void>{} : reader_.open(options_.input);
}

bool event_feed::next(event& out) {
  if (options_.count != 0 && next_ == options_.count) return false;
  if (options_.input.empty()) {
    maker_.make(next_++, out);
    return true;
  }
  std::string_view line;
  if (!reader_.next(line)) return false;
  ++next_;
  problem_ = parse_json_line(line, out);
  if (problem_) return true;
  problem_ = user_error(errc::invalid_argument,
                        options_.input + ", line " + std::to_string(next_) + ", " + problem_.error().message);
  return false;
}

}  // namespace millrace::nexmark
