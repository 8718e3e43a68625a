#include "millrace/engine/letter_block.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <utility>

namespace millrace::engine {

namespace {

constexpr std::byte block_format{1};
constexpr std::size_t varint_bytes_max = 10;
// Numbers of one letter and of one shape, at most.
constexpr std::size_t numbers_max = 16;

// Memory is got in ever larger pieces: a task with a letter now and then needs little, one with many letters should not
// fault in each page by itself.
constexpr std::size_t pages_bytes_min = std::size_t{16} << 10;
constexpr std::size_t pages_bytes_max = std::size_t{2} << 20;  // a huge page

// What is behind the number of a letter's value: bit 0 says that it is a piece of the content.
constexpr std::uint64_t in_content = 1;

std::byte* put(std::byte* at, std::uint64_t n) noexcept {
  if (n < 0x80) [[likely]] {
    *at = static_cast<std::byte>(n);
    return at + 1;
  }
  for (; n >= 0x80; n >>= 7) *at++ = static_cast<std::byte>(n | 0x80);
  *at++ = static_cast<std::byte>(n);
  return at;
}
std::byte* put(std::byte* at, const void* bytes, std::size_t n) noexcept {
  at = put(at, n);
  if (n != 0) std::memcpy(at, bytes, n);
  return at + n;
}
std::byte* put(std::byte* at, std::string_view text) noexcept {
  return put(at, text.data(), text.size());
}
// Small differences in either direction become small numbers.
std::uint64_t folded(std::uint64_t from, std::uint64_t to) noexcept {
  const auto d = static_cast<std::int64_t>(to - from);
  return static_cast<std::uint64_t>(d) << 1 ^ static_cast<std::uint64_t>(d >> 63);
}
std::uint64_t unfolded(std::uint64_t from, std::uint64_t folded) noexcept {
  return from + (folded >> 1 ^ (~(folded & 1) + 1));
}

}  // namespace

letter_pages::letter_pages(std::size_t bytes) : size_{padded(bytes)} {
  const bool is_huge = size_ % pages_bytes_max == 0;
  data_ = static_cast<std::byte*>(std::aligned_alloc(is_huge ? pages_bytes_max : page_bytes, size_));
  if (data_ == nullptr) throw std::bad_alloc{};
  if (is_huge) (void)::madvise(data_, size_, MADV_HUGEPAGE);  // only faster
}

letter_pages::~letter_pages() {
  std::free(data_);
}

letter_writer::letter_writer() noexcept : pages_next_{pages_bytes_min} {}

void letter_writer::add(const malformed_input& what, std::string_view actor, std::uint32_t partition) {
  add(entry{.common = {actor, {}, what.origin, what.before, what.after, {}, partition, true},
            .sequence = what.place,
            .at = what.at,
            .column = what.column,
            .value = what.value,
            .content = what.content});
}

void letter_writer::add(const dead_letter& l) {
  add(entry{.common = {l.actor, l.input, l.channel, {}, {}, l.fields, l.partition, false},
            .sequence = l.sequence,
            .at = l.at,
            .value = l.reason,
            .content = l.content,
            .encoded = l.encoded});
}

void letter_writer::add(const entry& e) {
  const auto& s = e.common;
  const auto texts = s.actor.size() + s.input.size() + s.channel.size() + s.before.size() + s.after.size() +
                     s.fields.size() + e.value.size() + e.content.size() + e.encoded.size();
  make_room(texts + numbers_max * varint_bytes_max);
  if (open_count_ == 0) begin_block();
  auto* const first = pages_->data() + used_;
  auto* at = put_shape(first, s);
  at = put(at, folded(last_sequence_, e.sequence));
  at = put(at, folded(static_cast<std::uint64_t>(last_at_), static_cast<std::uint64_t>(e.at.ns)));
  last_sequence_ = e.sequence;
  last_at_ = e.at.ns;
  if (s.names_place) at = put(at, e.column);
  const auto* const value = e.value.data();
  const auto* const content = e.content.data();
  if (!e.value.empty() && std::less_equal<>{}(content, value) &&
      std::less_equal<>{}(value + e.value.size(), content + e.content.size())) {
    at = put(at, e.value.size() << 1 | in_content);
    at = put(at, static_cast<std::uint64_t>(value - content));
  } else {
    at = put(at, e.value.size() << 1);
    if (!e.value.empty()) std::memcpy(at, value, e.value.size());
    at += e.value.size();
  }
  at = put(at, e.content);
  if (!s.fields.empty()) at = put(at, e.encoded.data(), e.encoded.size());
  used_ += static_cast<std::size_t>(at - first);
  ++open_count_;
  if (used_ - open_from_ >= block_bytes || open_count_ == block_letters) end_block();
}

void letter_writer::make_room(std::size_t bytes) {
  constexpr std::size_t format_bytes = 1;
  if (pages_ != nullptr && pages_->size() - used_ >= format_bytes + bytes) return;
  if (open_count_ != 0) end_block();
  pages_ = std::make_shared<letter_pages>(std::max(pages_next_, format_bytes + bytes));
  pages_next_ = std::min(2 * pages_next_, pages_bytes_max);
  used_ = open_from_ = 0;
}

void letter_writer::begin_block() {
  open_from_ = used_;
  pages_->data()[used_++] = block_format;
  shapes_known_ = 0;
  shapes_made_ = 0;
  last_sequence_ = 0;
  last_at_ = 0;
}

void letter_writer::end_block() {
  const auto size = used_ - open_from_;
  full_bytes_ += size;
  full_.push_back({open_count_, size, pages_->data() + open_from_, pages_});
  const auto end = letter_pages::padded(used_);
  std::memset(pages_->data() + used_, 0, end - used_);
  used_ = open_from_ = end;
  open_count_ = 0;
}

std::byte* letter_writer::put_shape(std::byte* at, const shape& s) {
  for (std::size_t i = 0; i < shapes_known_; ++i) {
    // Most differ in the lengths of what their reasons say.
    const auto& known = shapes_[i].what;
    if (known.before.size() != s.before.size() || known.after.size() != s.after.size()) continue;
    if (known == s) return put(at, std::uint64_t{shapes_[i].number} + 1);
  }
  learn(s);
  at = put(at, 0);
  for (const auto text : {s.actor, s.input, s.channel, s.before, s.after, s.fields}) at = put(at, text);
  at = put(at, s.partition);
  return put(at, s.names_place ? 1 : 0);
}

void letter_writer::learn(const shape& s) {
  auto& k = shapes_[shapes_made_ % shapes_max];
  shapes_known_ = std::min(shapes_known_ + 1, shapes_max);
  k.number = shapes_made_++;
  k.texts.clear();
  for (const auto text : {s.actor, s.input, s.channel, s.before, s.after, s.fields}) k.texts += text;
  k.what = s;
  std::size_t from = 0;
  for (auto* text : {&k.what.actor, &k.what.input, &k.what.channel, &k.what.before, &k.what.after, &k.what.fields}) {
    *text = std::string_view{k.texts}.substr(from, text->size());
    from += text->size();
  }
}

std::vector<letter_block> letter_writer::take() {
  if (open_count_ != 0) end_block();
  // After a time with few letters memory is got in small pieces again.
  if (full_bytes_ < pages_next_ / 4) pages_next_ = std::max(pages_next_ / 2, pages_bytes_min);
  full_bytes_ = 0;
  return std::exchange(full_, {});
}

namespace {

/// Reads what `letter_writer` wrote; every length is held against what is left.
class letter_reader {
public:
  explicit letter_reader(bytes_view block) : at_{block} {}

  bool head() { return !at_.empty() && std::exchange(at_, at_.subspan(1)).front() == block_format; }
  bool letter(dead_letter& out);
  [[nodiscard]] bool is_at_end() const noexcept { return at_.empty(); }

private:
  struct shape {
    dead_letter head;  // what letters take over
    std::string_view before, after;
    bool names_place = false;
  };

  bool number(std::uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 64 && !at_.empty(); shift += 7) {
      const auto b = std::to_integer<std::uint64_t>(at_.front());
      at_ = at_.subspan(1);
      out |= (b & 0x7F) << shift;
      if (b < 0x80) return true;
    }
    return false;
  }
  bool take(std::uint64_t n, std::string_view& out) {
    if (n > at_.size()) return false;
    out = as_text(at_.first(n));
    at_ = at_.subspan(n);
    return true;
  }
  bool text(std::string_view& out) {
    std::uint64_t n = 0;
    return number(n) && take(n, out);
  }
  bool text(std::string& out) {
    std::string_view v;
    if (!text(v)) return false;
    out = v;
    return true;
  }
  bool define();

  bytes_view at_;
  std::vector<shape> shapes_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t last_at_ = 0;
};

bool letter_reader::define() {
  auto& s = shapes_.emplace_back();
  std::uint64_t partition = 0;
  std::uint64_t names_place = 0;
  if (!text(s.head.actor) || !text(s.head.input) || !text(s.head.channel) || !text(s.before) || !text(s.after) ||
      !text(s.head.fields) || !number(partition) || !number(names_place) || names_place > 1) {
    return false;
  }
  s.head.partition = static_cast<std::uint32_t>(partition);
  s.names_place = names_place == 1;
  return true;
}

bool letter_reader::letter(dead_letter& out) {
  std::uint64_t known = 0;
  std::uint64_t sequence = 0;
  std::uint64_t time = 0;
  std::uint64_t column = 0;
  std::uint64_t value = 0;
  std::uint64_t offset = 0;
  std::string_view literal;
  if (!number(known) || (known == 0 && !define()) || known > shapes_.size()) return false;
  const auto& s = known == 0 ? shapes_.back() : shapes_[known - 1];
  if (!number(sequence) || !number(time) || (s.names_place && !number(column)) || !number(value)) return false;
  const bool is_piece = (value & in_content) != 0;
  value >>= 1;
  if (is_piece ? !number(offset) : !take(value, literal)) return false;
  out = s.head;
  out.sequence = last_sequence_ = unfolded(last_sequence_, sequence);
  out.at.ns = static_cast<std::int64_t>(last_at_ = unfolded(last_at_, time));
  if (!text(out.content)) return false;
  if (is_piece) {
    if (offset > out.content.size() || value > out.content.size() - offset) return false;
    literal = std::string_view{out.content}.substr(offset, value);
  }
  if (s.names_place) {
    out.reason = out.channel + ":" + std::to_string(out.sequence);
    if (column != 0) out.reason += ":" + std::to_string(column);
    out.reason += ": ";
  }
  out.reason.append(s.before).append(literal).append(s.after);
  std::string_view encoded;
  if (!out.fields.empty() && !text(encoded)) return false;
  out.encoded.assign(as_bytes(encoded).begin(), as_bytes(encoded).end());
  return true;
}

}  // namespace

result<std::vector<dead_letter>> letters_in(bytes_view block, std::uint32_t count) {
  letter_reader in{block};
  std::vector<dead_letter> out;
  bool ok = in.head() && count <= block.size();
  if (ok) out.resize(count);
  for (std::size_t i = 0; ok && i < out.size(); ++i) ok = in.letter(out[i]);
  if (!ok || !in.is_at_end()) return fatal_error(errc::corrupt, "a block of dead letters cannot be read");
  return out;
}

}  // namespace millrace::engine
