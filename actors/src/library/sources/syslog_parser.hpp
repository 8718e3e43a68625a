#pragma once

#include <chrono>
#include <memory>

#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// What lines after RFC 3164 do not say of their times.
struct syslog_times {
  int year = 0;  ///< 0: such a line has no event time
  std::chrono::minutes ahead_of_utc{0};
};

/// Lines of syslog after RFC 5424 or RFC 3164, told apart line by line; of the latter also what is common in files: no
/// priority, an ISO 8601 time. Fields are found by name: priority, facility, severity, at, host, app, pid, msgid, data,
/// message. Facility and severity are names (`daemon`, `err`) in a text field and numbers in others.
[[nodiscard]] std::unique_ptr<record_parser> make_syslog_parser(schema_ptr fields, syslog_times times);
/// Error (`not_found`): a field is none of these.
[[nodiscard]] result<void> check_syslog_fields(const schema& fields);

}  // namespace millrace::library
