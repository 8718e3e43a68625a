#include "library/sinks/pending_records.hpp"

namespace millrace::library {

pending_records::pending_records(record_type_ptr type, time_format times)
    : type_{std::move(type)}, writer_{record_writer::format::jsonl, times} {}

void pending_records::add(const record_view& record) {
  const auto alone = type_->make_builder(1);
  static_cast<dynamic_builder&>(*alone).append(record);
  records_.push_back(alone->finish());
  writer_.append(text_, record);
  ends_.push_back(text_.size());
}

void pending_records::pop() noexcept {
  records_.pop_back();
  ends_.pop_back();
  text_.resize(ends_.empty() ? 0 : ends_.back());
}

void pending_records::clear() {
  records_.clear();
  text_.clear();
  ends_.clear();
}

std::string_view pending_records::line(std::size_t i) const noexcept {
  const auto begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view{text_}.substr(begin, ends_[i] - begin - 1);
}

std::string pending_records::array() const {
  std::string out = "[";
  for (std::size_t i = 0; i < size(); ++i) {
    if (i != 0) out += ',';
    out += line(i);
  }
  return out += ']';
}

dead_letter pending_records::letter(std::size_t i, std::string reason) const {
  dead_letter out;
  out.input = "in";
  out.reason = std::move(reason);
  out.content = line(i);
  out.fields = to_text(type_->schema());
  byte_buffer encoded;
  type_->encode(*records_[i], encoded);
  out.encoded.assign(encoded.view().begin(), encoded.view().end());
  return out;
}

void pending_records::encode(msgpack::writer& out) const {
  const auto builder = type_->make_builder(static_cast<std::uint32_t>(size() + 1));
  for (const auto& r : records_) builder->append_from(*r, 0);
  byte_buffer bytes;
  type_->encode(*builder->finish(), bytes);
  out.array(3);
  out.string(to_text(type_->schema()));
  out.integer(size());
  out.binary(bytes.view());
}

bool pending_records::decode(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::uint32_t count = 0;
  std::string_view fields;
  bytes_view bytes;
  if (!in.array(n) || n != 3 || !in.string(fields) || !in.integer(count) || !in.binary(bytes)) return false;
  clear();
  auto written = parse_schema(type_->schema().name, fields);
  if (!written) return false;
  const bool is_same = fields == to_text(type_->schema());
  const auto batch = type_->decode(bytes, count, is_same ? nullptr : &*written);
  if (!batch) return false;
  for (std::uint32_t i = 0; i < count; ++i) add(record_view{**batch, i});
  return true;
}

}  // namespace millrace::library
