#include "library/sources/stdin_source.hpp"

#include "library/sources/standard_input.hpp"
#include "millrace/dead_letter.hpp"

namespace millrace::library {

namespace {

// Between two looks whether something was piped in: nobody notices it, and it costs a system call.
constexpr std::chrono::milliseconds look_every{20};

}  // namespace

result<void> stdin_source::configure(wiring&) {
  return intake_.configure({});
}

void stdin_source::open(context& c) {
  is_active_ = c.partition() == 0;
  quiet_.heard(c.now());
}

/// False: the line that names the columns is not there yet.
bool stdin_source::make_parser() {
  if (parser_ != nullptr) return true;
  auto& input = standard_input::instance();
  auto parser = intake_.make_parser({});
  if (parser->takes_header()) {
    if (input.header.empty()) {
      const auto line = input.next(intake_.quoting_of({}));
      input.header.assign(line.text.data(), line.text.size());
    }
    if (input.header.empty()) return false;
    auto text = input.header;
    if (auto ok = parser->read_header(text); !ok) throw std::runtime_error("stdin:1: " + ok.error().message);
  }
  parser_ = std::move(parser);
  return true;
}

poll_result stdin_source::poll(context& c, std::size_t max) {
  if (!is_active_) return poll_result::end();
  intake_.begin_poll(c);
  auto& input = standard_input::instance();
  std::size_t taken = 0;
  while (taken < max && make_parser()) {
    const auto r = input.next(intake_.quoting_of({}));
    if (r.what == line_reader::status::end) break;
    std::string original = r.has_quotes ? std::string{r.text.data(), r.text.size()} : std::string{};
    try {
      intake_.take(c, *parser_, r, "stdin", input.record_line());
    } catch (const malformed_line&) {
      input.put_back(r.has_quotes ? std::move(original) : std::string{r.text.data(), r.text.size()});
      throw;
    }
    ++lines_;
    ++taken;
  }
  const auto now = c.now();
  if (taken != 0) quiet_.heard(now);
  if (taken == max) return poll_result::more();
  if (input.is_over()) return poll_result::end();
  return quiet_.rest(now, look_every);
}

bool stdin_source::take_back(context&, const dead_letter& letter) {
  if (!make_parser()) throw std::runtime_error("the line that names the columns has not come yet");
  intake_.take_back(*parser_, letter.content);
  return true;
}

}  // namespace millrace::library
