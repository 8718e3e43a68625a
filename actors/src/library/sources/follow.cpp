#include "library/sources/follow.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "library/sources/input_paths.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

// Each holds a file descriptor.
constexpr std::size_t files_max = 1000;
constexpr std::uint64_t line_bytes_guess = 64;
// Of one file before the next one has its turn.
constexpr std::size_t lines_a_turn = 256;

/// Rotation packs what was read when it was written.
bool is_archive(const std::string& path) {
  const auto end = std::filesystem::path{path}.extension();
  return packing_of(path) != packing::none || end == ".xz" || end == ".bz2";
}

std::uint32_t partition_of_inode(std::uint64_t inode, std::uint32_t partitions) noexcept {
  return static_cast<std::uint32_t>((inode * 0x9e3779b97f4a7c15ULL >> 32) % partitions);
}

}  // namespace

result<void> follow::configure(wiring& w) {
  base_folder_ = w.base_folder();
  named_ = split_list(*path_, ';');
  if (named_.empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a file");
  for (const auto& name : named_) {
    if (!is_archive(name)) continue;
    return user_error(errc::invalid_argument, "parameter 'path': '" + name +
                                                  "' is an archive, which does not grow: read it with "
                                                  "millrace.file_source");
  }
  return intake_.configure(named_);
}

void follow::open(context& c) {
  files_.clear();
  forget_reader();
  next_look_ = c.now();
  quiet_.heard(next_look_);
  find_marked(c);
}

void follow::find_marked(context& c) {
  for (const auto& mark : marks_) {
    const auto full = path_in(base_folder_, mark.path);
    auto found = find_again({full, mark.inode, mark.line, mark.print});
    if (!found && mark.print.offset == 0) continue;
    const auto gone = "input file '" + full + "', of which " + std::to_string(mark.print.offset) +
                      " bytes were read at the snapshot, is neither there nor beside it under another name";
    if (!found && *on_missing_ == "fail") {
      throw std::runtime_error(gone + ": put it back, or set 'on_missing' to skip, which gives up what it still held");
    }
    if (!found) {
      c.log(log_level::warning, gone + "; what it still held is given up");
      continue;
    }
    found->set_path(full);  // the format may go by the name it had
    files_.push_back(std::make_unique<followed_file>(std::move(*found)));
  }
}

poll_result follow::poll(context& c, std::size_t max) {
  intake_.begin_poll(c);
  if (c.now() >= next_look_) look(c);
  std::size_t taken = 0;
  while (taken < max) {
    auto* const f = with_news();
    if (f == nullptr) break;
    taken += read_some(c, *f, std::min(max - taken, lines_a_turn), line_reader::ending::waits);
    ++turn_;
  }
  if (taken != 0) quiet_.heard(c.now());
  return taken == max ? poll_result::more() : rest(c);
}

/// Nothing is there to be read.
poll_result follow::rest(context& c) {
  const auto now = c.now();
  if (quiet_.is_over(now)) {
    for (auto& f : files_) read_unfinished(c, *f);
  }
  return quiet_.rest(now, std::max(std::chrono::nanoseconds{0}, next_look_ - now));
}

/// A last line without an end: nothing will be added to it any more.
void follow::read_unfinished(context& c, followed_file& f) {
  forget_reader();
  if (f.size() > f.offset()) (void)read_some(c, f, 1, line_reader::ending::complete);
  f.has_news = false;
  forget_reader();
}

void follow::forget_reader() noexcept {
  reader_.reset();
  reading_ = nullptr;
}

followed_file* follow::with_news() {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    auto& f = *files_[(turn_ + i) % files_.size()];
    if (!f.has_news) continue;
    turn_ = (turn_ + i) % files_.size();
    return &f;
  }
  return nullptr;
}

void follow::look(context& c) {
  next_look_ = c.now() + std::chrono::milliseconds{*interval_ms_};
  for (auto& f : files_) {
    if (!f->away_since) f->away_since = c.now().ns;  // until it is found
  }
  find_new(c);
  for (auto& f : files_) check(c, *f);
  drop_rotated(c);
}

void follow::find_new(const context& c) {
  for (const auto& name : named_) {
    for (const auto& file : is_pattern(name) ? files_matching(base_folder_, name) : std::vector{name}) {
      const auto full = path_in(base_folder_, file);
      struct stat s {};
      if (is_archive(file) || ::stat(full.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) continue;
      const auto known = std::ranges::find_if(files_, [&](const auto& f) { return f->inode() == s.st_ino; });
      if (known != files_.end()) {
        (*known)->set_path(full);
        (*known)->away_since.reset();
        continue;
      }
      if (partition_of_inode(s.st_ino, c.parallelism()) != c.partition()) continue;
      if (files_.size() >= files_max) {
        throw std::runtime_error("more than " + std::to_string(files_max) +
                                 " files to follow in one partition: narrow 'path', or raise the parallelism");
      }
      // Renamed in between: its own name brings it at the next look.
      auto opened = followed_file::open(full);
      if (opened && opened->inode() == s.st_ino) files_.push_back(std::make_unique<followed_file>(std::move(*opened)));
    }
  }
}

void follow::check(context& c, followed_file& f) {
  if (!f.is_as_read()) {
    c.log(log_level::info, "'" + f.path() + "' was truncated after " + std::to_string(f.offset()) +
                               " bytes were read; it is read from its start");
    if (reading_ == &f) forget_reader();
    f.begin_again();
  }
  const auto size = f.size();
  if (size == f.seen_size) return;
  f.seen_size = size;
  f.has_news = f.has_news || size > f.offset();
  if (f.away_since) f.away_since = c.now().ns;
}

void follow::drop_rotated(context& c) {
  const auto too_long_ago = c.now().ns - std::chrono::nanoseconds{std::chrono::seconds{*linger_s_}}.count();
  const auto is_over = [&](const auto& f) { return f->away_since && *f->away_since <= too_long_ago && !f->has_news; };
  for (auto& f : files_) {
    if (is_over(f)) read_unfinished(c, *f);
  }
  std::erase_if(files_, is_over);
}

bool follow::make_parser(followed_file& f, line_reader::ending e) {
  if (f.parser != nullptr) return true;
  auto parser = intake_.make_parser(f.path());
  if (parser->takes_header()) {
    line_reader head{f.path(), f.content(0), line_reader::quoting::csv, e};
    const auto line = head.next();
    if (line.what == line_reader::status::end) return false;
    if (const auto ok = parser->read_header(line.text); !ok)
      throw std::runtime_error(f.path() + ":1: " + ok.error().message);
    if (f.offset() == 0) f.read_to(head.offset(), head.line());
  }
  f.parser = std::move(parser);
  return true;
}

std::size_t follow::read_some(context& c, followed_file& f, std::size_t max, line_reader::ending e) {
  f.has_news = make_parser(f, e);
  if (!f.has_news) return 0;
  if (reading_ != &f || reader_ == nullptr) {
    reading_ = &f;
    reader_ = std::make_unique<line_reader>(f.path(), f.content(f.offset()), intake_.quoting_of(f.path()), e,
                                            f.offset(), f.line());
  }
  std::size_t taken = 0;
  while (taken < max) {
    line_reader::record r;
    try {
      r = reader_->next();
      if (r.what == line_reader::status::end) break;
      intake_.take(c, *f.parser, r, f.path(), reader_->record_line());
    } catch (...) {
      reader_.reset();  // whoever tries again begins at the same line
      throw;
    }
    bytes_read_ += reader_->offset() - f.offset();
    ++lines_read_;
    ++taken;
    f.read_to(reader_->offset(), reader_->line());
  }
  if (taken == max) return taken;
  // One buffer a partition, not one a file.
  reader_.reset();
  f.has_news = false;
  return taken;
}

bool follow::take_back(context&, const dead_letter& letter) {
  const auto at = std::ranges::find_if(files_, [&](const auto& f) { return f->path() == letter.channel && f->parser; });
  if (at != files_.end()) {
    intake_.take_back(*(*at)->parser, letter.content);
    return true;
  }
  auto file = followed_file::open(letter.channel);
  if (!file || !make_parser(*file, line_reader::ending::complete))
    throw std::runtime_error("the file '" + letter.channel + "', whose header says how the line is read, is gone");
  intake_.take_back(*file->parser, letter.content);
  return true;
}

void follow::save_position(msgpack::writer& out) const {
  out.array(static_cast<std::uint32_t>(files_.size()));
  auto folder = path_in(base_folder_, "");
  if (!folder.empty() && !folder.ends_with('/')) folder += '/';
  for (const auto& f : files_) {
    // Below the topology's folder by the rest of the path, so that it may be moved.
    const bool is_below = !folder.empty() && f->path().starts_with(folder);
    save({is_below ? f->path().substr(folder.size()) : f->path(), f->inode(), f->line(), f->print()}, out);
  }
}

bool follow::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  if (!in.array(n) || n > files_max) return false;
  marks_.assign(n, {});
  return std::ranges::all_of(marks_, [&](file_mark& m) { return load(m, in); });
}

std::string follow::describe_position() const {
  if (files_.empty()) return "no file";
  if (files_.size() > 1) return std::to_string(files_.size()) + " files, " + std::to_string(lines_read_) + " lines";
  return std::filesystem::path{files_[0]->path()}.filename().string() + ":" + std::to_string(files_[0]->line());
}

std::uint64_t follow::backlog() const {
  const auto line_bytes = lines_read_ == 0 ? line_bytes_guess : std::max<std::uint64_t>(1, bytes_read_ / lines_read_);
  std::uint64_t bytes = 0;
  for (const auto& f : files_) bytes += f->has_news ? f->size() - std::min(f->size(), f->offset()) : 0;
  return bytes / line_bytes;
}

}  // namespace millrace::library
