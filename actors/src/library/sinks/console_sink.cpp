#include "library/sinks/console_sink.hpp"

#include "console/terminal.hpp"

namespace millrace::library {

namespace {

/// Shared with the live table and the log: lines of several partitions do not mix, and nothing is drawn over.
void print(const std::string& line) {
  console::terminal::instance().write(line);
}

}  // namespace

result<void> console_sink::configure(wiring&) {
  times_ = *time_format_ == "iso" ? time_format::iso : time_format::ns;
  return {};
}

void console_sink::on_record(context& c, const record_view& record) {
  if (!may_print(c)) return;
  line_ = c.actor_name();
  const auto& fields = record.schema().fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    line_ += ' ';
    line_ += fields[i].name;
    line_ += '=';
    const auto& v = record.field(i);
    if (v.kind() == value_kind::string) {
      append_json_string(line_, v.as_string());
    } else {
      append_text(line_, fields[i].type, v, times_);
    }
  }
  line_ += '\n';
  print(line_);
}

bool console_sink::may_print(context& c) {
  if (*limit_ == 0) return true;
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  if (const auto second = c.now().ns / ns_per_second; second != second_) {
    say_suppressed(c);
    second_ = second;
    printed_ = 0;
  }
  if (printed_ < *limit_) {
    ++printed_;
    return true;
  }
  ++suppressed_;
  return false;
}

void console_sink::say_suppressed(context& c) {
  if (suppressed_ == 0) return;
  print(c.actor_name() + " … " + std::to_string(suppressed_) + " more not shown (limit " + std::to_string(*limit_) +
        " lines/s)\n");
  suppressed_ = 0;
}

void console_sink::on_end_of_input(context& c) {
  say_suppressed(c);
}

void console_sink::close(context& c) {
  say_suppressed(c);
}

}  // namespace millrace::library
