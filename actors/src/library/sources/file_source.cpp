#include "library/sources/file_source.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "library/sources/input_paths.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/pace.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

// Until lines have been read, what a line is taken to have: only the lag shown at the start depends on it.
constexpr std::uint64_t line_bytes_guess = 64;

}  // namespace

result<void> file_source::configure(wiring& w) {
  base_folder_ = w.base_folder();
  named_ = split_list(*path_, ';');
  if (named_.empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a file");
  return intake_.configure(named_);
}

void file_source::open(context& c) {
  pacer_ = pacer{*rate_ / c.parallelism()};
  find_files(c);
  bytes_behind_.assign(paths_.size(), 0);
  for (std::size_t i = paths_.size(); i-- > 1;) bytes_behind_[i - 1] = bytes_behind_[i] + size_guess(paths_[i]);
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
}

void file_source::find_files(const context& c) {
  const bool has_patterns = std::ranges::any_of(named_, is_pattern);
  if (is_restored_ && has_patterns != found_.has_value()) {
    throw std::runtime_error(std::string{"the snapshot was taken "} + (has_patterns ? "without" : "with") +
                             " patterns in 'path': put it back, or use a new data directory");
  }
  if (has_patterns && !found_) found_ = files_now(c);
  paths_.clear();
  if (found_) {
    for (const auto& file : *found_) paths_.push_back(path_in(base_folder_, file));
    return;
  }
  for (std::size_t i = c.partition(); i < named_.size(); i += c.parallelism())
    paths_.push_back(path_in(base_folder_, named_[i]));
}

/// What the patterns stand for now, as far as it is this partition's; a file that several of them match comes once.
std::vector<std::string> file_source::files_now(const context& c) const {
  std::vector<std::string> own;
  std::set<std::string> known;
  for (const auto& name : named_) {
    const auto files = is_pattern(name) ? files_matching(base_folder_, name) : std::vector{name};
    if (files.empty()) {
      throw std::runtime_error("no file matches '" + path_in(base_folder_, name) + "'; check the parameter 'path'");
    }
    for (const auto& file : files) {
      if (partition_of_file(file, c.parallelism()) == c.partition() && known.insert(file).second) own.push_back(file);
    }
  }
  return own;
}

void file_source::begin_file() {
  const auto& path = paths_[file_];
  auto reader = std::make_unique<line_reader>(path, intake_.quoting_of(path));
  parser_ = intake_.make_parser(path);
  read_header(*parser_, *reader);
  reader_ = std::move(reader);
}

void file_source::read_header(record_parser& parser, line_reader& reader) const {
  if (!parser.takes_header()) return;
  const auto line = reader.next();
  if (line.what == line_reader::status::end) return;
  if (const auto ok = parser.read_header(line.text); !ok)
    throw std::runtime_error(reader.path() + ":1: " + ok.error().message);
}

void file_source::check_is_the_same(const position& p) const {
  const auto head = reader_->head().substr(0, p.head_bytes);
  if (head.size() == p.head_bytes && crc32c(as_bytes(head)) == p.head_crc && reader_->seek(p.offset, p.line)) return;
  throw std::runtime_error("input file '" + reader_->path() + "' is not the one the snapshot was taken with (" +
                           std::to_string(p.offset) +
                           " bytes were read of that): put it back, or use a new data directory");
}

poll_result file_source::poll(context& c, std::size_t max) {
  intake_.begin_poll(c);
  const auto now = pace_time(c);
  const auto allowed = pacer_.allowed(now, max);
  if (allowed == 0) return poll_result::wait(pacer_.until_next(now));
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
    try {
      intake_.take(c, *parser_, r, reader_->path(), reader_->record_line());
    } catch (const malformed_line&) {
      reader_->unread();  // whoever tries again fails at the same line instead of losing it
      throw;
    }
    return true;
  }
  return false;
}

/// By the header of the file it came from: columns may stand elsewhere in another.
bool file_source::take_back(context&, const dead_letter& letter) {
  intake_.take_back(parser_of(letter.channel), letter.content);
  return true;
}

record_parser& file_source::parser_of(const std::string& path) {
  if (taken_back_parser_ != nullptr && taken_back_from_ == path) return *taken_back_parser_;
  auto parser = intake_.make_parser(path);
  if (parser->takes_header()) {
    line_reader reader{path, line_reader::quoting::csv};
    read_header(*parser, reader);
  }
  taken_back_from_ = path;
  taken_back_parser_ = std::move(parser);
  return *taken_back_parser_;
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
  out.array(6);
  out.integer(p.file);
  out.integer(p.offset);
  out.integer(p.line);
  out.integer(p.head_bytes);
  out.integer(p.head_crc);
  if (!found_) return out.nil();
  out.array(static_cast<std::uint32_t>(found_->size()));
  for (const auto& file : *found_) out.string(file);
}

/// Positions of five parts come from before there were patterns.
bool file_source::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::uint32_t files = 0;
  found_.reset();
  if (!in.array(n) || (n != 5 && n != 6) || !in.integer(start_.file) || !in.integer(start_.offset) ||
      !in.integer(start_.line) || !in.integer(start_.head_bytes) || !in.integer(start_.head_crc)) {
    return false;
  }
  is_restored_ = true;
  if (n == 5 || in.take_nil()) return true;
  if (!in.array(files) || files > input_files_max) return false;
  found_.emplace();
  for (; files != 0; --files) {
    std::string_view file;
    if (!in.string(file)) return false;
    found_->emplace_back(file);
  }
  return true;
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
