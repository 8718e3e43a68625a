#include "library/sources/line_intake.hpp"

#include <filesystem>

#include "library/sources/byte_stream.hpp"
#include "library/sources/logfmt_parser.hpp"
#include "library/sources/regex_parser.hpp"
#include "library/sources/syslog_parser.hpp"
#include "library/sources/weblog_parser.hpp"
#include "millrace/dead_letter.hpp"

namespace millrace::library {

namespace {

// Skipped lines reported one by one before only every power of ten is: a log is no dead-letter store.
constexpr std::uint64_t skips_logged = 10;

std::vector<std::string> formats(bool has_names) {
  std::vector<std::string> all{"csv", "jsonl", "weblog", "logfmt", "syslog", "regex"};
  if (has_names) all.insert(all.begin(), "auto");
  return all;
}

constexpr const char* formats_help =
    "csv; jsonl: a JSON object a line; weblog: lines of a web server, fields host, ident, user, at, request, method, "
    "path, query, protocol, status, bytes, referer, agent; logfmt: key=value pairs; syslog: RFC 5424 or 3164, fields "
    "priority, facility, severity, at, host, app, pid, msgid, data, message; regex: the named groups of 'pattern'.";

}  // namespace

line_intake::line_intake(actor* owner, out<record_view>& to, bool has_names)
    : out_{&to},
      fields_{owner,
              "fields",
              "",
              {.required = true,
               .help = "Names and types of the fields, e.g. account:string,amount:float64,at:event_time."}},
      format_{owner,
              "format",
              has_names ? "auto" : "csv",
              {.choices = formats(has_names),
               .help = std::string{has_names ? "auto: by the file name's end (.csv, .jsonl, .ndjson or .json); " : ""} +
                       formats_help}},
      header_{owner,
              "header",
              true,
              {.shown_when = param_condition{"format", has_names ? std::vector<std::string>{"auto", "csv"}
                                                                 : std::vector<std::string>{"csv"}},
               .help = "The first line of CSV names the columns."}},
      pattern_{
          owner,
          "pattern",
          "",
          {.shown_when = param_condition{"format", {"regex"}},
           .help = "Of the format regex: an RE2 expression that matches a whole line, with a group (?P<name>…) for "
                   "each field."}},
      year_{owner,
            "year",
            0,
            {.min = 0,
             .max = 2261,
             .shown_when = param_condition{"format", {"syslog"}},
             .help = "Of syslog lines whose time has none (RFC 3164); 0: they have no event time."}},
      ahead_of_utc_{owner,
                    "ahead_of_utc",
                    0,
                    {.unit = "min",
                     .min = -720,
                     .max = 840,
                     .shown_when = param_condition{"format", {"syslog"}},
                     .help = "Of syslog lines whose time has no zone."}},
      on_malformed_{owner,
                    "on_malformed",
                    "dead_letter",
                    {.choices = {"dead_letter", "fail"},
                     .help = "What a line that cannot be read does: become a dead letter, or fail the actor."}} {}

result<void> line_intake::configure(const std::vector<std::string>& paths) {
  auto parsed = parse_schema("line", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from a line");
  }
  for (const auto& path : paths) {
    if (!format_of(path).empty()) continue;
    return user_error(
        errc::invalid_argument,
        "the format of '" + path +
            "' cannot be told from its name: set 'format' to csv, jsonl, weblog, logfmt, syslog or regex");
  }
  if (auto ok = check_format(*parsed); !ok) return ok;
  schema_ = std::make_shared<const schema>(std::move(parsed).value());
  is_fatal_ = *on_malformed_ == "fail";
  out_->set_type(dynamic_record_type(schema_));
  return {};
}

result<void> line_intake::check_format(const schema& fields) const {
  if (!pattern_->empty() && *format_ != "regex")
    return user_error(errc::invalid_argument, "parameter 'pattern' needs the format 'regex'");
  if (*format_ == "weblog") return check_weblog_fields(fields);
  if (*format_ == "syslog") return check_syslog_fields(fields);
  if (*format_ == "regex") return check_regex(fields, *pattern_);
  return {};
}

std::string line_intake::format_of(const std::string& path) const {
  if (*format_ != "auto") return *format_;
  const auto end = std::filesystem::path{unpacked_name(path)}.extension();
  if (end == ".csv") return "csv";
  return end == ".jsonl" || end == ".ndjson" || end == ".json" ? "jsonl" : "";
}

line_reader::quoting line_intake::quoting_of(const std::string& path) const {
  return format_of(path) == "csv" ? line_reader::quoting::csv : line_reader::quoting::none;
}

std::unique_ptr<record_parser> line_intake::make_parser(const std::string& path) const {
  const auto format = format_of(path);
  if (format == "csv") return make_csv_parser(schema_, *header_);
  if (format == "weblog") return make_weblog_parser(schema_);
  if (format == "logfmt") return make_logfmt_parser(schema_);
  if (format == "syslog") return make_syslog_parser(schema_, {*year_, std::chrono::minutes{*ahead_of_utc_}});
  if (format == "regex") return make_regex_parser(schema_, *pattern_);
  return make_json_parser(schema_);
}

void line_intake::take(context& c, record_parser& parser, const line_reader::record& r, std::string_view origin,
                       std::uint64_t line) {
  line_problem problem;
  if (r.what == line_reader::status::too_long) {
    problem.say("the line is longer than " + std::to_string(line_reader::record_bytes_max) + " bytes");
    return reject(c, problem, "", origin, line);
  }
  if (parser.is_blank(r.text) || !out_->is_connected()) return;
  // Where there are quotes the parser works in place.
  if (r.has_quotes) original_.assign(r.text.data(), r.text.size());
  if (parser.parse(r.text, out_->row(), problem)) return out_->emit();
  reject(c, problem, r.has_quotes ? std::string_view{original_} : std::string_view{r.text.data(), r.text.size()},
         origin, line);
}

void line_intake::take_back(record_parser& parser, std::string line) {
  if (!out_->is_connected()) return;
  line_problem problem;
  if (!parser.parse({line.data(), line.size()}, out_->row(), problem)) throw std::runtime_error(problem.what());
  out_->emit();
}

void line_intake::reject(context& c, const line_problem& problem, std::string_view content, std::string_view origin,
                         std::uint64_t line) {
  const malformed_input input{.origin = origin,
                              .place = line,
                              .column = problem.column,
                              .before = problem.before,
                              .value = problem.value,
                              .after = problem.after,
                              .at = event_time{now_.ns},
                              .content = content};
  if (is_fatal_)
    throw malformed_line(to_letter(input, {}, 0).reason + "; mend the line, or set 'on_malformed' to dead_letter");
  ++skipped_;
  if (skipped_ <= skips_logged || skipped_ == next_logged_) {
    if (skipped_ == next_logged_) next_logged_ *= 10;
    c.log(log_level::warning,
          to_letter(input, {}, 0).reason + "; the line became a dead letter, " + std::to_string(skipped_) + " so far");
  }
  c.set_aside(input);
}

}  // namespace millrace::library
