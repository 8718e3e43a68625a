#pragma once

#include <string>

#include "millrace/dynamic_batch.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace {

/// Writes records as lines of CSV (RFC 4180, but lines end with a bare \n) or JSON. In CSV null is an empty field and
/// an empty text is `""`, so both read back. Thread: one owner.
class record_writer {
public:
  enum class format : unsigned char { csv, jsonl };

  record_writer(format f, time_format times) noexcept : format_{f}, times_{times} {}

  /// The CSV line of field names.
  static void append_header(std::string& out, const schema& s);
  void append(std::string& out, const record_view& record);

private:
  void append_csv(std::string& out, const record_view& record);
  void append_json_line(std::string& out, const record_view& record) const;

  format format_;
  time_format times_;
  std::string scratch_;
};

}  // namespace millrace
