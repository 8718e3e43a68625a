#include "millrace/engine/trace.hpp"

#include <array>
#include <charconv>

namespace millrace::engine {

namespace {

constexpr std::size_t digits = 16;
thread_local trace_id at_work;

bool read_half(std::string_view text, std::uint64_t& out) noexcept {
  for (const char c : text) {
    // Upper case is not W3C's.
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return std::from_chars(text.data(), text.data() + text.size(), out, 16).ec == std::errc{};
}

}  // namespace

std::string span_text(std::uint64_t span) {
  constexpr auto hex = "0123456789abcdef";
  std::string out(digits, '0');
  for (std::size_t i = digits; i-- > 0; span >>= 4U) out[i] = hex[span & 0xFU];
  return out;
}

std::string to_string(const trace_id& id) {
  return span_text(id.high) + span_text(id.low);
}

bool read_trace_id(std::string_view text, trace_id& out) noexcept {
  trace_id read;
  if (text.size() != 2 * digits || !read_half(text.substr(0, digits), read.high) ||
      !read_half(text.substr(digits), read.low) || !read) {
    return false;
  }
  out = read;
  return true;
}

const char* to_string(span_kind k) noexcept {
  constexpr std::array<const char*, span_kinds> names{"emit",  "batch",   "credit", "network", "queue",
                                                      "align", "service", "fire",   "write",   "commit"};
  return names[static_cast<std::size_t>(k) % span_kinds];
}

trace_id current_trace() noexcept {
  return at_work;
}

void set_current_trace(const trace_id& id) noexcept {
  at_work = id;
}

}  // namespace millrace::engine
