#include "library/sources/file_source.hpp"

#include "library/sources/weblog_parser.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "millrace/crc32c.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

// Until lines have been read, what a line is taken to have: only the lag shown at the start depends on it.
constexpr std::uint64_t line_bytes_guess = 64;
// Skipped lines reported one by one before only every power of ten is: a log is no dead-letter store.
constexpr std::uint64_t skips_logged = 10;

}  // namespace

result<void> file_source::configure(wiring& w) {
  all_paths_ = split_list(*path_, ';');
  for (auto& path : all_paths_) {
    if (!w.base_folder().empty()) path = (std::filesystem::path{w.base_folder()} / path).lexically_normal().string();
  }
  if (all_paths_.empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a file");
  auto parsed = parse_schema("line", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from a file");
  }
  for (const auto& path : all_paths_) {
    const auto end = std::filesystem::path{path}.extension();
    if (*format_ != "auto" || end == ".csv" || end == ".jsonl" || end == ".ndjson" || end == ".json") continue;
    return user_error(
        errc::invalid_argument,
        "the format of '" + path + "' cannot be told from its name: set 'format' to csv, jsonl or weblog");
  }
  if (*format_ == "weblog") {
    if (auto ok = check_weblog_fields(*parsed); !ok) return ok;
  }
  schema_ = std::make_shared<const schema>(std::move(parsed).value());
  out_.set_type(dynamic_record_type(schema_));
  return {};
}

file_source::line_format file_source::format_of(const std::string& path) const {
  if (*format_ == "weblog") return line_format::weblog;
  const bool is_csv = *format_ == "csv" || (*format_ == "auto" && std::filesystem::path{path}.extension() == ".csv");
  return is_csv ? line_format::csv : line_format::jsonl;
}

std::unique_ptr<record_parser> file_source::make_parser(line_format f) const {
  switch (f) {
    case line_format::csv:
      return make_csv_parser(schema_, *header_);
    case line_format::jsonl:
      return make_json_parser(schema_);
    case line_format::weblog:
      return make_weblog_parser(schema_);
  }
  return nullptr;
}

void file_source::open(context& c) {
  pacer_ = pacer{*rate_ / c.parallelism()};
  is_fatal_ = *on_malformed_ == "fail";
  paths_.clear();
  for (std::size_t i = c.partition(); i < all_paths_.size(); i += c.parallelism()) paths_.push_back(all_paths_[i]);
  bytes_behind_.assign(paths_.size(), 0);
  for (std::size_t i = paths_.size(); i-- > 1;) {
    bytes_behind_[i - 1] = bytes_behind_[i] + line_reader{paths_[i], line_reader::quoting::none}.size();
  }
  if (start_.file > paths_.size()) {
    throw std::runtime_error(
        "the snapshot was taken with more input files than 'path' names now: give the same files in "
        "the same order, or use a new data directory");
  }
  file_ = start_.file;
  if (file_ == paths_.size()) return;
  begin_file();
  if (start_.offset == 0) return;
  check_is_the_same(start_);
  reader_->seek(start_.offset, start_.line);
}

void file_source::begin_file() {
  const auto& path = paths_[file_];
  const auto format = format_of(path);
  const bool is_csv = format == line_format::csv;
  auto reader = std::make_unique<line_reader>(path, is_csv ? line_reader::quoting::csv : line_reader::quoting::none);
  parser_ = make_parser(format);
  if (parser_->takes_header()) {
    const auto line = reader->next();
    const bool is_empty = line.what == line_reader::status::end;
    const auto ok = is_empty ? result<void>{} : parser_->read_header(line.text);
    if (!ok) throw std::runtime_error(path + ":1: " + ok.error().message);
  }
  reader_ = std::move(reader);
}

void file_source::check_is_the_same(const position& p) const {
  const auto head = reader_->head().substr(0, p.head_bytes);
  if (reader_->size() >= p.offset && head.size() == p.head_bytes && crc32c(as_bytes(head)) == p.head_crc) return;
  throw std::runtime_error("input file '" + reader_->path() + "' is not the one the snapshot was taken with (" +
                           std::to_string(p.offset) +
                           " bytes were read of that): put it back, or use a new data directory");
}

poll_result file_source::poll(context& c, std::size_t max) {
  now_ = c.now();
  const auto allowed = pacer_.allowed(now_, max);
  if (allowed == 0) return poll_result::wait(pacer_.until_next(now_));
  std::size_t taken = 0;
  bool has_more = true;
  while (has_more && taken < allowed) {
    has_more = step(c);
    taken += has_more ? 1 : 0;
  }
  pacer_.took(taken);
  return has_more ? poll_result::more() : poll_result::end();
}

/// Reads one line. False: there are no more.
bool file_source::step(context& c) {
  while (file_ < paths_.size()) {
    if (reader_ == nullptr) begin_file();
    const auto before = reader_->offset();
    const auto r = reader_->next();
    if (r.what == line_reader::status::end) {
      reader_.reset();
      ++file_;
      continue;
    }
    bytes_read_ += reader_->offset() - before;
    ++lines_read_;
    take(c, r);
    return true;
  }
  return false;
}

void file_source::take(context& c, const line_reader::record& r) {
  line_problem problem;
  if (r.what == line_reader::status::too_long) {
    problem.say("the line is longer than " + std::to_string(line_reader::record_bytes_max) + " bytes");
    return reject(c, problem, "");
  }
  if (parser_->is_blank(r.text) || !out_.is_connected()) return;
  // Where there are quotes the parser works in place.
  if (r.has_quotes) original_.assign(r.text.data(), r.text.size());
  if (parser_->parse(r.text, out_.row(), problem)) return out_.emit();
  reject(c, problem, r.has_quotes ? std::string_view{original_} : std::string_view{r.text.data(), r.text.size()});
}

/// By the header of the file it came from: columns may stand elsewhere in another.
bool file_source::take_back(context&, const dead_letter& letter) {
  if (!out_.is_connected()) return true;
  auto& parser = parser_of(letter.channel);
  auto line = letter.content;
  line_problem problem;
  if (parser.parse({line.data(), line.size()}, out_.row(), problem)) {
    out_.emit();
    return true;
  }
  throw std::runtime_error(problem.what());
}

record_parser& file_source::parser_of(const std::string& path) {
  if (taken_back_parser_ != nullptr && taken_back_from_ == path) return *taken_back_parser_;
  auto parser = make_parser(format_of(path));
  if (parser->takes_header()) {
    line_reader reader{path, line_reader::quoting::csv};
    const auto line = reader.next();
    if (auto ok = parser->read_header(line.text); !ok) throw std::runtime_error(path + ":1: " + ok.error().message);
  }
  taken_back_from_ = path;
  taken_back_parser_ = std::move(parser);
  return *taken_back_parser_;
}

void file_source::reject(context& c, const line_problem& problem, std::string_view content) {
  const malformed_input input{.origin = reader_->path(),
                              .place = reader_->record_line(),
                              .column = problem.column,
                              .before = problem.before,
                              .value = problem.value,
                              .after = problem.after,
                              .at = event_time{now_.ns},
                              .content = content};
  if (is_fatal_) {
    reader_->unread();  // whoever tries again fails at the same line instead of losing it
    throw std::runtime_error(to_letter(input, {}, 0).reason + "; mend the line, or set 'on_malformed' to dead_letter");
  }
  ++skipped_;
  if (skipped_ <= skips_logged || skipped_ == next_logged_) {
    if (skipped_ == next_logged_) next_logged_ *= 10;
    c.log(log_level::warning,
          to_letter(input, {}, 0).reason + "; the line became a dead letter, " + std::to_string(skipped_) + " so far");
  }
  c.set_aside(input);
}

file_source::position file_source::here() const {
  position p;
  p.file = file_;
  if (reader_ == nullptr) return p;
  p.offset = reader_->offset();
  p.line = reader_->line();
  const auto head = reader_->head().substr(0, p.offset);
  p.head_bytes = head.size();
  p.head_crc = crc32c(as_bytes(head));
  return p;
}

void file_source::save_position(msgpack::writer& out) const {
  const auto p = here();
  out.array(5);
  out.integer(p.file);
  out.integer(p.offset);
  out.integer(p.line);
  out.integer(p.head_bytes);
  out.integer(p.head_crc);
}

bool file_source::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && n == 5 && in.integer(start_.file) && in.integer(start_.offset) && in.integer(start_.line) &&
         in.integer(start_.head_bytes) && in.integer(start_.head_crc);
}

std::string file_source::describe_position() const {
  if (file_ >= paths_.size()) return "end";
  const auto name = std::filesystem::path{paths_[file_]}.filename().string();
  return name + ":" + std::to_string(reader_ == nullptr ? 1 : reader_->line());
}

std::uint64_t file_source::backlog() const {
  if (file_ >= paths_.size()) return 0;
  const auto line_bytes = lines_read_ == 0 ? line_bytes_guess : std::max<std::uint64_t>(1, bytes_read_ / lines_read_);
  const auto in_file =
      reader_ == nullptr || reader_->offset() >= reader_->size() ? 0 : reader_->size() - reader_->offset();
  return (in_file + bytes_behind_[file_]) / line_bytes;
}

}  // namespace millrace::library
