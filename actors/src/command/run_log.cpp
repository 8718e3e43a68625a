#include "command/run_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "console/terminal.hpp"
#include "millrace/text/time_text.hpp"
#include "node/logs/log_book.hpp"
#include "node/wall_clock.hpp"

namespace millrace::command {

namespace {

/// More a second are not read by anybody, only drown what matters.
constexpr int lines_per_s_max = 20;

/// Standard error, shared with the live table. A failure that repeats itself fills no terminal: what goes beyond the
/// limit is counted.
class terminal_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  /// `worded`: the line that says it.
  explicit terminal_sink(std::function<std::string(const std::string&)> worded) : worded_{std::move(worded)} {}
  ~terminal_sink() override { say_left_out(); }

private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto second = std::chrono::floor<std::chrono::seconds>(message.time);
    if (second != second_) {
      say_left_out();
      second_ = second;
      lines_ = 0;
    }
    if (++lines_ > lines_per_s_max) {
      ++left_out_;
      return;
    }
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    console::terminal::instance().write_error({line.data(), line.size()});
  }
  void flush_() override {}
  void say_left_out() {
    if (left_out_ == 0) return;
    console::terminal::instance().write_error(
        worded_("… " + std::to_string(left_out_) + " more log lines left out; --log FILE keeps them all") + "\n");
    left_out_ = 0;
  }

  std::function<std::string(const std::string&)> worded_;
  std::chrono::time_point<spdlog::log_clock, std::chrono::seconds> second_{};
  int lines_ = 0;
  std::uint64_t left_out_ = 0;
};

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::info:
      return spdlog::level::info;
    case log_level::warning:
      return spdlog::level::warn;
    case log_level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

class run_log::output {
public:
  output(const log_settings& settings, spdlog::sink_ptr sink)
      : settings_{settings}, logger_{"millrace", std::move(sink)} {
    logger_.set_level(settings.is_verbose ? spdlog::level::debug : spdlog::level::warn);
    logger_.flush_on(spdlog::level::debug);
    logger_.set_pattern(settings.format == log_format::json ? "%v" : "%Y-%m-%d %H:%M:%S.%e %l %v");
  }

  void write(log_level level, const std::string& topology, const std::string& message) {
    const auto at = level_of(level);
    if (!logger_.should_log(at)) return;
    if (settings_.format == log_format::json) {
      const auto& of = topology.empty() ? settings_.topology : topology;
      logger_.log(at, std::string_view{json_log_line(node::wall_now(), level, settings_.node, of, message)});
    } else if (topology.empty()) {
      logger_.log(at, std::string_view{message});
    } else {
      logger_.log(at, std::string_view{topology + ": " + message});
    }
  }

private:
  const log_settings settings_;
  spdlog::logger logger_;
};

result<log_format> parse_log_format(const std::string& text) {
  if (text == "text") return log_format::text;
  if (text == "json") return log_format::json;
  return user_error(errc::invalid_argument, "'" + text + "' is no format of a log; there are text and json");
}

result<run_log> run_log::open(const log_settings& settings) {
  if (settings.file.empty()) {
    auto worded = [settings](const std::string& text) {
      if (settings.format == log_format::text) return text;
      return json_log_line(node::wall_now(), log_level::warning, settings.node, settings.topology, text);
    };
    return run_log{std::make_shared<output>(settings, std::make_shared<terminal_sink>(std::move(worded)))};
  }
  try {
    return run_log{
        std::make_shared<output>(settings, std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.file))};
  } catch (const spdlog::spdlog_ex& e) {
    return user_error(errc::io_error,
                      "--log " + settings.file + ": " + e.what() + "; choose a file that can be written");
  }
}

void run_log::write(log_level level, const std::string& message) const {
  output_->write(level, {}, message);
}

void run_log::write(log_level level, const std::string& topology, const std::string& message) const {
  output_->write(level, topology, message);
}

std::string json_log_line(processing_time at, log_level level, const std::string& node_name,
                          const std::string& topology, const std::string& text) {
  constexpr std::int64_t ns_per_ms = 1'000'000;
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const auto of_second = at.ns % ns_per_s;
  // Always as many digits: times are sorted as texts, too.
  std::string time;
  append_iso_time(time, {at.ns - of_second});
  const auto ms = std::to_string(1'000 + of_second / ns_per_ms);
  time.replace(time.size() - 1, 1, "." + ms.substr(1) + "Z");
  nlohmann::ordered_json line{{"time", time}, {"level", node::to_string(level)}};
  if (!node_name.empty()) line["node"] = node_name;
  if (!topology.empty()) line["topology"] = topology;
  line["text"] = text;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace millrace::command
