#include "library/sources/journal_reader.hpp"

#include <systemd/sd-journal.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace millrace::library {

namespace {

// Longer fields are cut: coredumps lie in the journal, too.
constexpr std::size_t field_bytes_max = std::size_t{1} << 20;

}  // namespace

void journal_reader::closer::operator()(sd_journal* j) const noexcept {
  sd_journal_close(j);
}

journal_reader::journal_reader(const std::string& directory)
    : name_{directory.empty() ? "the system's journal" : "the journal in '" + directory + "'"} {
  sd_journal* made = nullptr;
  const int code = directory.empty() ? sd_journal_open(&made, SD_JOURNAL_LOCAL_ONLY)
                                     : sd_journal_open_directory(&made, directory.c_str(), 0);
  journal_.reset(made);
  if (code < 0) fail("cannot be opened", code);
  (void)sd_journal_set_data_threshold(made, field_bytes_max);
  if (const int at = sd_journal_seek_head(made); at < 0) fail("cannot be read", at);
}

void journal_reader::fail(const std::string& what, int code) const {
  throw std::runtime_error(name_ + " " + what + ": " + std::generic_category().message(-code) +
                           "; check the parameter 'directory', and that this user may read it (group systemd-journal)");
}

void journal_reader::match(const std::string& field_value) {
  const int code = sd_journal_add_match(journal_.get(), field_value.data(), field_value.size());
  if (code < 0) fail("cannot be searched for '" + field_value + "'", code);
}

bool journal_reader::go_behind(const std::string& cursor) {
  int code = sd_journal_seek_cursor(journal_.get(), cursor.c_str());
  if (code >= 0) code = sd_journal_next(journal_.get());
  if (code < 0) fail("cannot be read from a position", code);
  const bool is_there = code > 0 && sd_journal_test_cursor(journal_.get(), cursor.c_str()) > 0;
  is_on_next_ = code > 0 && !is_there;
  return is_there;
}

void journal_reader::go_to_end() {
  int code = sd_journal_seek_tail(journal_.get());
  if (code >= 0) code = sd_journal_previous(journal_.get());
  if (code == 0) code = sd_journal_seek_head(journal_.get());  // it is empty
  if (code < 0) fail("cannot be read from its end", code);
}

bool journal_reader::next() {
  if (is_on_next_) {
    is_on_next_ = false;
    return true;
  }
  int code = sd_journal_next(journal_.get());
  if (code == 0) {  // files may have been added, or rotated
    if (code = sd_journal_wait(journal_.get(), 0); code >= 0) code = sd_journal_next(journal_.get());
  }
  if (code < 0) fail("cannot be read", code);
  return code > 0;
}

std::string journal_reader::cursor() const {
  char* text = nullptr;
  if (const int code = sd_journal_get_cursor(journal_.get(), &text); code < 0)
    fail("does not say where it is read", code);
  const std::unique_ptr<char, void (*)(void*)> held{text, std::free};
  return text;
}

std::int64_t journal_reader::at() const {
  std::uint64_t us = 0;
  if (const int code = sd_journal_get_realtime_usec(journal_.get(), &us); code < 0)
    fail("has an entry without a time", code);
  return static_cast<std::int64_t>(us) * 1000;
}

std::optional<std::string_view> journal_reader::field(const std::string& name) const {
  const void* data = nullptr;
  std::size_t bytes = 0;
  const int code = sd_journal_get_data(journal_.get(), name.c_str(), &data, &bytes);
  if (code == -ENOENT) return std::nullopt;
  if (code < 0) fail("has an entry that cannot be read", code);
  const std::string_view all{static_cast<const char*>(data), bytes};
  return all.substr(std::min(all.size(), name.size() + 1));
}

}  // namespace millrace::library
