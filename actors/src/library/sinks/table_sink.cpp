#include "library/sinks/table_sink.hpp"

#include <stdexcept>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

// So much goes to the disk at once: large against one wait for it, small against what a process has.
constexpr std::size_t rows_max = 20'000;
constexpr std::size_t bytes_max = std::size_t{16} << 20;

}  // namespace

result<void> table_sink::configure(wiring& w) {
  if (path_->empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a folder");
  if (table_->empty() || table_->size() > 200) {
    return user_error(errc::invalid_argument, "parameter 'table': give a name of 1 to 200 bytes");
  }
  type_ = dynamic_input_type(w, "in");
  if (type_ == nullptr) return {};
  const auto names = split_list(*key_, ',');
  auto keys = table_key::of(type_->schema(), names);
  if (!keys) return std::move(keys).error();
  keys_ = std::move(*keys);
  // One partition writes all rows of a key, or which of two events is the later one would be chance.
  in_.key_by(names);
  return {};
}

result<void> table_sink::recover(context&, epoch_id, const std::vector<prepared>&) {
  builder_ = type_->make_builder(1);
  rows_.clear();
  bytes_ = 0;
  auto store = persistence::open_table_store(*path_, false);
  if (!store) return std::move(store).error();
  store_ = std::move(*store);
  return store_->declare({*table_, to_text(type_->schema()), split_list(*key_, ',')});
}

void table_sink::on_record(context& c, const record_view& record) {
  // Before the event is taken: when this fails the event is still the caller's.
  if (rows_.size() >= rows_max || bytes_ >= bytes_max) {
    if (auto ok = flush(); !ok) throw std::runtime_error(ok.error().message);
  }
  flush_when_due(c);
  persistence::table_row row;
  keys_.append(row.key, record.values());
  if (row.key.size() > persistence::table_store::key_bytes_max) {
    throw std::runtime_error("the key has " + std::to_string(row.key.size()) + " bytes, a table takes at most " +
                             std::to_string(persistence::table_store::key_bytes_max));
  }
  static_cast<dynamic_builder&>(*builder_).append(record);
  encoded_.clear();
  type_->encode(*builder_->finish(), encoded_);
  row.value.assign(as_text(encoded_.view()));
  if (rows_.empty()) waits_since_ = c.now();
  bytes_ += row.key.size() + row.value.size();
  rows_.push_back(std::move(row));
}

result<void> table_sink::flush() {
  if (rows_.empty()) return {};
  if (auto ok = store_->put(*table_, rows_); !ok) return ok;
  rows_.clear();
  bytes_ = 0;
  return {};
}

void table_sink::flush_when_due(context& c) {
  if (rows_.empty() || c.now() - waits_since_ < std::chrono::milliseconds{*delay_ms_}) return;
  if (auto ok = flush(); !ok) throw std::runtime_error(ok.error().message);
}

void table_sink::on_watermark(context& c) {
  flush_when_due(c);
}

result<std::string> table_sink::prepare(context&, epoch_id) {
  if (auto ok = flush(); !ok) return ok.error();
  return std::string{};
}

void table_sink::close(context&) {
  if (auto ok = flush(); !ok) throw std::runtime_error(ok.error().message);
  store_.reset();
}

}  // namespace millrace::library
