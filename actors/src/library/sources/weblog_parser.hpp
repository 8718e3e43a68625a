#pragma once

#include <memory>

#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// Lines of a web server in the common or the combined log format; fields are found by name: host, ident, user, at,
/// request, method, path, query, protocol, status, bytes, referer, agent. `-` is null where a field is optional, and no
/// bytes are 0 where not.
[[nodiscard]] std::unique_ptr<record_parser> make_weblog_parser(schema_ptr fields);
/// Error (`not_found`): a field is none of these.
[[nodiscard]] result<void> check_weblog_fields(const schema& fields);

}  // namespace millrace::library
