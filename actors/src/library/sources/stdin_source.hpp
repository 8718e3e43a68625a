#pragma once

#include <memory>
#include <string>

#include "library/sources/line_intake.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Brings lines that are piped into the program into a topology. They cannot be read again: live, or logged, which
/// makes durable what was read before it is sent on. One actor of a topology reads; its partition 0, the others have
/// nothing to do.
class stdin_source final : public producer {
public:
  replay replays() const noexcept override { return *logged_ ? replay::logged : replay::live; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  bool take_back(context& c, const dead_letter& letter) override;
  void save_position(msgpack::writer& out) const override { out.integer(lines_); }
  bool load_position(msgpack::reader& in) override { return in.integer(lines_); }
  std::string describe_position() const override { return "line " + std::to_string(lines_); }
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }

private:
  [[nodiscard]] bool make_parser();

  out<record_view> out_{this, "out"};
  line_intake intake_{this, out_, false};
  param<bool> logged_{
      this,
      "logged",
      false,
      {.help =
           "Lines are written to the event log before they are sent on, so that a crash loses none that was read."}};
  idle_watch quiet_{this, "a line"};
  disorder_param disorder_{this};

  bool is_active_ = false;
  std::unique_ptr<record_parser> parser_;
  std::uint64_t lines_ = 0;
};

}  // namespace millrace::library
