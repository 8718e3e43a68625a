#include "library/sinks/console_table.hpp"

#include <algorithm>
#include <utility>

#include "console/terminal.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/utf8.hpp"

namespace millrace::library {

namespace {

// More than anybody looks at; a key beyond is counted.
constexpr std::size_t keys_max = 10'000;
constexpr std::size_t cell_bytes_max = 200;

/// What came from outside must not move the cursor.
std::string harmless(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return shortened(text, cell_bytes_max);
}

/// At most `columns` cells of a line.
std::string cut(const std::string& line, std::size_t columns) {
  if (console::cells(line) <= columns) return line;
  std::size_t end = 0;
  for (std::size_t n = 0; end < line.size(); ++end) {
    if (!continues_character(line[end]) && n++ == columns) break;
  }
  return line.substr(0, end);
}

}  // namespace

result<void> console_table::configure(wiring& w) {
  times_ = *time_format_ == "iso" ? time_format::iso : time_format::ns;
  const auto names = split_list(*key_, ',');
  if (names.empty())
    return user_error(errc::invalid_argument, "parameter 'key' is empty: name the fields of a row's key");
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  key_fields_.clear();
  columns_.clear();
  for (const auto& name : names) {
    const auto at = find_field(type->schema(), name, "key");
    if (!at) return at.error();
    key_fields_.push_back(*at);
  }
  for (const auto& f : type->schema().fields) columns_.push_back(f.name);
  return {};
}

void console_table::open(context& c) {
  is_live_ = console::terminal::is_interactive();
  name_ = c.actor_name() + "/" + std::to_string(c.partition());
  shown_at_ = c.now();
}

void console_table::on_record(context& c, const record_view& record) {
  const auto& fields = record.schema().fields;
  const auto text_of = [&](std::uint32_t i) {
    std::string text;
    append_text(text, fields[i].type, record.field(i), times_);
    return text;
  };
  std::string key;
  for (const auto i : key_fields_) key += text_of(i) + '\0';
  const auto at = table_.find(key);
  if (at == table_.end() && table_.size() >= keys_max) {
    ++left_out_;
    return;
  }
  auto& r = at == table_.end() ? table_[key] : at->second;
  r.cells.clear();
  r.has_changed = has_news_ = true;
  for (std::uint32_t i = 0; i < fields.size(); ++i) r.cells.push_back(harmless(text_of(i)));
  if (c.now() - shown_at_ >= std::chrono::milliseconds{*interval_ms_}) show(c);
}

std::vector<std::string> console_table::lines(bool only_changed) const {
  std::vector<const std::vector<std::string>*> shown;
  for (const auto& [key, r] : table_) {
    if (shown.size() < static_cast<std::size_t>(*rows_) && (!only_changed || r.has_changed)) shown.push_back(&r.cells);
  }
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(console::cells(columns_[i]));
    for (const auto* r : shown) widths[i] = std::max(widths[i], console::cells((*r)[i]));
  }
  const auto line_of = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line.append(widths[i] + 2 - console::cells(cells[i]), ' ');
    }
    return line;
  };
  std::vector<std::string> out{line_of(columns_)};
  for (const auto* r : shown) out.push_back(line_of(*r));
  if (!only_changed && table_.size() > shown.size())
    out.push_back("… " + std::to_string(table_.size() - shown.size()) + " more keys (rows " + std::to_string(*rows_) +
                  ")");
  if (left_out_ != 0)
    out.push_back("… " + std::to_string(left_out_) + " events of keys beyond the first " + std::to_string(keys_max));
  return out;
}

void console_table::show(context& c) {
  shown_at_ = c.now();
  if (!has_news_ || has_ended_) return;
  has_news_ = false;
  auto& terminal = console::terminal::instance();
  auto all = lines(!is_live_);
  for (auto& [key, r] : table_) r.has_changed = false;
  if (is_live_) {
    const auto columns = console::terminal::size().columns;
    for (auto& line : all) line = cut(line, columns);
    all.insert(all.begin(), name_);
    return terminal.show_table(name_, std::move(all));
  }
  std::string text;
  for (const auto& line : all) text += c.actor_name() + "  " + line + "\n";
  terminal.write(text);
}

/// What stays when the table is gone.
void console_table::print_end() {
  if (std::exchange(has_ended_, true)) return;
  auto& terminal = console::terminal::instance();
  if (is_live_) terminal.show_table(name_, {});
  std::string text = name_ + "\n";
  for (const auto& line : lines(false)) text += line + "\n";
  if (!table_.empty()) terminal.write(text);
}

/// Also what came and then nothing for a while is seen, at the next snapshot at the latest.
result<std::string> console_table::prepare(context& c, epoch_id) {
  show(c);
  return std::string{};
}

void console_table::on_end_of_input(context&) {
  print_end();
}

void console_table::close(context&) {
  print_end();
}

}  // namespace millrace::library
