#include "command/run_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <mutex>
#include <string_view>

#include "console/terminal.hpp"

namespace millrace::command {

namespace {

/// Standard error, shared with the live table.
class terminal_sink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    console::terminal::instance().write_error({line.data(), line.size()});
  }
  void flush_() override {}
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
