// Whatever the line: no crash, a record or a reason, and a reason within the line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "library/sources/logfmt_parser.hpp"
#include "library/sources/regex_parser.hpp"
#include "library/sources/syslog_parser.hpp"
#include "library/sources/weblog_parser.hpp"

namespace {

using namespace millrace;

schema_ptr fields_of(const char* fields) {
  return std::make_shared<const schema>(std::move(parse_schema("line", fields)).value());
}

struct tried {
  schema_ptr fields;
  std::unique_ptr<record_parser> parser;
};

/// One parser for each value of the input's first byte.
std::vector<tried> all_parsers() {
  std::vector<tried> all;
  const auto pairs = fields_of("a:string,b:int64?,c:float64?,at:event_time?,d:bytes?");
  all.push_back({pairs, library::make_logfmt_parser(pairs)});
  const auto system =
      fields_of("at:event_time?,facility:string?,severity:int8?,host:string,pid:int64?,data:string?,message:string?");
  all.push_back({system, library::make_syslog_parser(system, {2024, std::chrono::minutes{60}})});
  const auto groups = fields_of("a:string,n:int32?,at:event_time?");
  all.push_back({groups, library::make_regex_parser(groups, R"((?P<a>\S*) ?(?P<n>-?\d+)?,?(?P<at>.*))")});
  const auto web = fields_of("at:event_time,host:string,status:int16?,path:string?,agent:string?");
  all.push_back({web, library::make_weblog_parser(web)});
  return all;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto all = all_parsers();
  if (size == 0) return 0;
  const auto& [fields, parser] = all[data[0] % all.size()];
  std::string line{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto builder = dynamic_record_type(fields)->make_builder(4);
  auto& row = static_cast<dynamic_builder&>(*builder);
  line_problem problem;
  (void)parser->is_blank(line);
  const bool is_read = parser->parse(line, row, problem);
  require(row.size() == (is_read ? 1u : 0u));
  if (!is_read) require(!problem.what().empty() && problem.column <= line.size() + 1);
  return 0;
}
