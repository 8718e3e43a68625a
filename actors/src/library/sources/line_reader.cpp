#include "library/sources/line_reader.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::library {

namespace {

// Large enough that system calls vanish against parsing, small enough to stay in the second-level cache.
constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::size_t head_bytes_max = 4096;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Where a CSV record that has quotes ends: index of its line end, or `text.size()` when it goes on.
std::size_t quoted_end(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '"') {  // a quoted field: two quotes inside are one
      for (++i; i < text.size(); ++i) {
        if (text[i] != '"') continue;
        if (i + 1 == text.size() || text[i + 1] != '"') break;
        ++i;
      }
      ++i;
    }
    while (i < text.size() && text[i] != ',' && text[i] != '\n') ++i;
    if (i >= text.size() || text[i] == '\n') return std::min(i, text.size());
    ++i;
  }
  return text.size();
}

}  // namespace

line_reader::line_reader(std::string path, quoting q) : line_reader{path, open_bytes(path), q, ending::complete} {}

line_reader::line_reader(std::string path, std::unique_ptr<byte_stream> content, quoting q, ending e,
                         std::uint64_t offset, std::uint64_t line)
    : path_{std::move(path)},
      content_{std::move(content)},
      quoting_{q},
      ending_{e},
      buffer_(block_bytes),
      offset_{offset},
      line_{line} {
  fill();
  head_.assign(buffer_.data(), std::min(end_, head_bytes_max));
}

bool line_reader::seek(std::uint64_t offset, std::uint64_t line) {
  at_ = end_ = 0;
  at_file_end_ = false;
  offset_ = offset;
  line_ = line;
  return content_->seek(offset);
}

line_reader::record line_reader::next() {
  record_offset_ = offset_;
  record_line_ = line_;
  std::size_t length = 0;
  for (;;) {
    if (offset_ == 0) skip_mark();
    if (find_end(length)) return take(length, 1);
    if (at_file_end_ && ending_ == ending::waits && end_ - at_ <= record_bytes_max) {
      at_file_end_ = false;  // the next call looks for more
      return {};
    }
    if (at_file_end_) return at_ == end_ ? record{} : take(end_ - at_, 0);
    if (end_ - at_ > record_bytes_max) return skip_too_long();
    fill();
  }
}

bool line_reader::find_end(std::size_t& length) noexcept {
  if (at_ == end_) return false;
  const char* const first = buffer_.data() + at_;
  const auto* const line_end = static_cast<const char*>(std::memchr(first, '\n', end_ - at_));
  length = line_end == nullptr ? end_ - at_ : static_cast<std::size_t>(line_end - first);
  has_quotes_ = quoting_ == quoting::csv && std::memchr(first, '"', length) != nullptr;
  if (!has_quotes_) return line_end != nullptr;
  const std::string_view text{first, end_ - at_};
  length = quoted_end(text);
  return length != text.size();
}

line_reader::record line_reader::take(std::size_t length, std::size_t line_end) {
  const std::span<char> text{buffer_.data() + at_, length};
  at_ += length + line_end;
  offset_ += length + line_end;
  line_ += line_end;
  // Only within quotes there are line ends.
  if (has_quotes_) line_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  if (length > record_bytes_max) return {status::too_long};
  return {status::record, !text.empty() && text.back() == '\r' ? text.first(length - 1) : text, has_quotes_};
}

/// Goes on behind the next line end, also within quotes: what opened them may be the mistake.
line_reader::record line_reader::skip_too_long() {
  for (;;) {
    const auto* const first = buffer_.data() + at_;
    const auto* const line_end = static_cast<const char*>(std::memchr(first, '\n', end_ - at_));
    const auto n = line_end == nullptr ? end_ - at_ : static_cast<std::size_t>(line_end - first) + 1;
    at_ += n;
    offset_ += n;
    if (line_end != nullptr) ++line_;
    if (line_end != nullptr || at_file_end_) return {status::too_long};
    fill();
  }
}

void line_reader::skip_mark() {
  while (end_ < byte_order_mark.size() && !at_file_end_) fill();
  if (end_ - at_ < byte_order_mark.size() || std::string_view{buffer_.data(), 3} != byte_order_mark) return;
  at_ += byte_order_mark.size();
  offset_ += byte_order_mark.size();
}

void line_reader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  if (buffer_.size() - end_ < block_bytes) buffer_.resize(end_ + block_bytes);
  const auto n = content_->read(std::span{buffer_}.subspan(end_));
  end_ += n;
  at_file_end_ = n == 0;
}

}  // namespace millrace::library
