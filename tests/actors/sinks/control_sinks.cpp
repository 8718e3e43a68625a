#include "control_sinks.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "file_candidate.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"
#include "millrace/text/record_writer.hpp"

namespace sinks {

namespace {

using namespace millrace;

/// Appends lines to a file of its own; what the system has survives a kill of the process.
class line_sink : public sink {
public:
  delivery delivers() const noexcept override { return claims_; }
  bool is_blocking() const noexcept override { return true; }
  result<void> recover(context& c, epoch_id, const std::vector<prepared>&) override {
    const auto file = *path_ + '-' + std::to_string(c.partition()) + ".csv";
    fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return {};
  }
  void close(context&) override { write_out(); }
  result<std::string> prepare(context&, epoch_id) override {
    if (kept_max_ == 0) write_out();
    return std::string{"prepared"};
  }

protected:
  line_sink(delivery claims, std::size_t kept_max) : claims_{claims}, kept_max_{kept_max} {}

private:
  void on_record(context&, const record_view& r) {
    writer_.append(kept_, r);
    if (kept_.size() > kept_max_) write_out();
  }
  void write_out() {
    if (::write(fd_, kept_.data(), kept_.size()) != static_cast<ssize_t>(kept_.size())) {
      throw std::runtime_error("cannot write");
    }
    kept_.clear();
  }

  in<record_view> in_{this, "in", &line_sink::on_record};
  param<std::string> path_{this, "path", ""};
  record_writer writer_{record_writer::format::csv, time_format::iso};
  std::string kept_;
  delivery claims_;
  std::size_t kept_max_;
  int fd_ = -1;
};

struct eager final : line_sink {
  eager() : line_sink{delivery::transactional, 0} {}
};
struct forgetful final : line_sink {
  forgetful() : line_sink{delivery::transactional, 10'000} {}
};
struct honest final : line_sink {
  honest() : line_sink{delivery::at_least_once, 0} {}
};
MILLRACE_ACTOR(eager, {.id = "trial.eager", .title = "Eager"})
MILLRACE_ACTOR(forgetful, {.id = "trial.forgetful", .title = "Forgetful"})
MILLRACE_ACTOR(honest, {.id = "trial.honest", .title = "Honest"})

}  // namespace

void control_candidate::add_to(topology& t, const std::filesystem::path& folder) const {
  t.add("target", "trial." + kind_, {{"path", (folder / "lines").string()}}, 2);
}

std::vector<row> control_candidate::read(const std::filesystem::path& folder) const {
  std::vector<row> out;
  for (const auto* name : {"lines-0.csv", "lines-1.csv"}) read_csv(folder / name, out);
  return out;
}

}  // namespace sinks
