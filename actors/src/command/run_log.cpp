#include "command/run_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "console/terminal.hpp"

namespace millrace::command {

namespace {

/// More a second are not read by anybody, only drown what matters.
constexpr int lines_per_s_max = 20;

/// Standard error, shared with the live table. A failure that repeats itself fills no terminal: what goes beyond the
/// limit is counted.
class terminal_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
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
    console::terminal::instance().write_error("… " + std::to_string(left_out_) +
                                              " more log lines left out; --log FILE keeps them all\n");
    left_out_ = 0;
  }

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
  output(spdlog::sink_ptr sink, bool is_verbose) : logger{"millrace", std::move(sink)} {
    logger.set_level(is_verbose ? spdlog::level::debug : spdlog::level::warn);
    logger.flush_on(spdlog::level::debug);
    logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  }
  spdlog::logger logger;
};

result<run_log> run_log::open(const std::string& file, bool is_verbose) {
  if (file.empty()) return run_log{std::make_shared<output>(std::make_shared<terminal_sink>(), is_verbose)};
  try {
    return run_log{std::make_shared<output>(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file), is_verbose)};
  } catch (const spdlog::spdlog_ex& e) {
    return user_error(errc::io_error, "--log " + file + ": " + e.what() + "; choose a file that can be written");
  }
}

void run_log::write(log_level level, const std::string& message) const {
  output_->logger.log(level_of(level), std::string_view{message});
}

}  // namespace millrace::command
