#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "library/sources/line_reader.hpp"

namespace millrace::library {

/// The lines of standard input, which a process has once: what was read from it ahead has to outlive the actor that
/// reads it, which may be taken down and made again. Thread: one at a time, the owning actor's.
class standard_input {
public:
  static standard_input& instance();

  /// The next line, as far as it is there; never waits. `quoting` counts the first time.
  [[nodiscard]] line_reader::record next(line_reader::quoting q);
  /// No more will come, and the last line was returned.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  /// Line of the record last returned, from 1 on.
  [[nodiscard]] std::uint64_t record_line() const noexcept { return reader_ == nullptr ? 0 : reader_->record_line(); }
  /// `next` gives this line once more.
  void put_back(std::string line) { held_ = std::move(line); }

  /// The first line, where it names the columns; empty: not read yet.
  std::string header;

private:
  class pipe_stream;

  standard_input() = default;

  pipe_stream* pipe_ = nullptr;  ///< the reader's
  std::unique_ptr<line_reader> reader_;
  std::optional<std::string> held_;
  std::string again_;
  bool is_over_ = false;
};

}  // namespace millrace::library
