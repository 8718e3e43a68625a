#include "library/processors/lookup_table.hpp"

#include <sys/stat.h>

#include <exception>

#include "library/sources/line_reader.hpp"
#include "millrace/key.hpp"
#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// One file being read: rows go to batches, and each full batch to the table.
class lookup_table::loading {
public:
  loading(const source& from, lookup_table& into)
      : from_{from},
        into_{into},
        reader_{from.path, from.is_csv ? line_reader::quoting::csv : line_reader::quoting::none},
        parser_{from.is_csv ? make_csv_parser(from.fields, true) : make_json_parser(from.fields)},
        builder_{into.type_->make_builder(batch_rows)} {}

  [[nodiscard]] result<void> run() {
    auto key = key_of(into_.type_, from_.key);
    if (!key) return std::move(key).error();
    key_ = std::move(*key);
    if (auto ok = read_header(); !ok) return ok;
    for (auto r = reader_.next(); r.what != line_reader::status::end; r = reader_.next()) {
      if (auto ok = add(r); !ok) return ok;
      if (builder_->is_full()) {
        if (auto ok = take_batch(); !ok) return ok;
      }
    }
    return take_batch();
  }

private:
  [[nodiscard]] error at(std::uint64_t line, const std::string& what) const {
    return user_error(errc::parse_error, from_.path + ":" + std::to_string(line) + ": " + what);
  }

  [[nodiscard]] result<void> read_header() {
    if (!parser_->takes_header()) return {};
    const auto line = reader_.next();
    if (line.what != line_reader::status::record) return at(1, "the line that names the columns is missing");
    auto ok = parser_->read_header(line.text);
    return ok ? ok : at(1, ok.error().message);
  }

  [[nodiscard]] result<void> add(const line_reader::record& r) {
    if (r.what == line_reader::status::too_long) return at(reader_.record_line(), "the line has more than 1 MiB");
    if (parser_->is_blank(r.text)) return {};
    line_problem problem;
    if (!parser_->parse(r.text, static_cast<dynamic_builder&>(*builder_), problem)) {
      return at(reader_.record_line(), problem.what());
    }
    lines_.push_back(reader_.record_line());
    if (into_.rows_.size() + lines_.size() <= from_.rows_max) return {};
    return at(reader_.record_line(), "there are more than 'rows_max' = " + std::to_string(from_.rows_max) +
                                         " rows: raise it if memory allows");
  }

  [[nodiscard]] result<void> take_batch() {
    const auto made = builder_->finish();
    const auto first = static_cast<std::uint32_t>(into_.batches_.size()) * batch_rows;
    for (std::uint32_t i = 0; i < made->size(); ++i) {
      key_bytes one;
      if (auto ok = key_->key(*made, i, one); !ok) return at(lines_[i], "the key is NaN");
      if (!into_.rows_.emplace(as_text(one.view()), first + i).second) {
        return at(lines_[i], "another line has the same key (" + key_->description() + ")");
      }
    }
    into_.batches_.push_back(made);
    lines_.clear();
    return {};
  }

  const source& from_;
  lookup_table& into_;
  line_reader reader_;
  std::unique_ptr<record_parser> parser_;
  std::unique_ptr<batch_builder> builder_;
  key_ptr key_;
  std::vector<std::uint64_t> lines_;  // of the rows in the builder
};

result<lookup_table> lookup_table::load(const source& from) {
  lookup_table table;
  table.type_ = dynamic_record_type(from.fields);
  try {
    loading l{from, table};
    if (auto ok = l.run(); !ok) return ok.error();
  } catch (const std::exception& e) {
    return user_error(errc::io_error, e.what());
  }
  return table;
}

bool lookup_table::find(bytes_view key, std::uint32_t& row) const {
  const auto at = rows_.find(std::string{as_text(key)});
  if (at == rows_.end()) return false;
  row = at->second;
  return true;
}

record_view lookup_table::row(std::uint32_t number) const {
  return {*batches_[number / batch_rows], number % batch_rows};
}

bool file_stamp::read(const std::string& path, file_stamp& out) noexcept {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return false;
  constexpr std::int64_t second_ns = 1'000'000'000;
  out = {s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_size), s.st_mtim.tv_sec * second_ns + s.st_mtim.tv_nsec};
  return true;
}

}  // namespace millrace::library
