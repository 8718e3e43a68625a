#include "library/sinks/null_sink.hpp"

#include <string>

namespace millrace::library {

void null_sink::counting_input::process(engine::batch_run& run) {
  sink_->count_ += run.end - run.cursor;
  run.cursor = run.end;
}

void null_sink::on_end_of_input(context& c) {
  c.log(log_level::info, std::to_string(count_) + " events taken");
}

}  // namespace millrace::library
