#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "library/sources/line_reader.hpp"
#include "millrace/context.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// A line that cannot be read, where that fails the actor.
class malformed_line : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What every source of lines has in common: the parameters that say how a line is read, and what becomes of a line
/// that cannot be.
///
/// A member of its actor, which gives it the output. Thread: owning actor.
class line_intake {
public:
  /// `has_names`: lines come from files, and the format may go by their names.
  line_intake(actor* owner, out<record_view>& to, bool has_names);

  /// Checks the parameters; `paths` are those the format has to be told from. Fixes the output's type.
  [[nodiscard]] result<void> configure(const std::vector<std::string>& paths);
  /// What cuts a file's content into lines, and what reads them. `path` may be anything where the format is named.
  [[nodiscard]] line_reader::quoting quoting_of(const std::string& path) const;
  [[nodiscard]] std::unique_ptr<record_parser> make_parser(const std::string& path) const;

  /// To be called first in each poll.
  void begin_poll(context& c) { now_ = c.now(); }
  /// Emits what `r` holds, or sets it aside. Throws `malformed_line` where that fails the actor.
  void take(context& c, record_parser& parser, const line_reader::record& r, std::string_view origin,
            std::uint64_t line);
  /// Emits a line that was a dead letter. Throws std::runtime_error: it is still wrong.
  void take_back(record_parser& parser, std::string line);

private:
  [[nodiscard]] std::string format_of(const std::string& path) const;
  [[nodiscard]] result<void> check_format(const schema& fields) const;
  void reject(context& c, const line_problem& problem, std::string_view content, std::string_view origin,
              std::uint64_t line);

  out<record_view>* out_;
  param<std::string> fields_;
  param<std::string> format_;
  param<bool> header_;
  param<std::string> pattern_;
  param<int> year_;
  param<int> ahead_of_utc_;
  param<std::string> on_malformed_;
  schema_ptr schema_;
  bool is_fatal_ = false;  ///< a malformed line fails the actor
  processing_time now_{};  ///< of the poll
  std::uint64_t skipped_ = 0;
  std::uint64_t next_logged_ = 10;
  std::string original_;  ///< of a line that parsing may change
};

}  // namespace millrace::library
