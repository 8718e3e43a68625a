#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/context.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/text/value_text.hpp"
#include "millrace/wiring.hpp"

namespace millrace::testing {

/// A context whose clock the test sets.
class rig_context final : public context {
public:
  rig_context(std::string name, std::uint32_t partition, std::uint32_t parallelism, actor& of)
      : context(std::move(name), partition, parallelism, engine::actor_access::state(of), 1), actor_{&of} {}
  processing_time now() const override { return time; }
  void log(log_level, std::string_view message) override { lines.emplace_back(message); }
  void set_aside(const malformed_input& what) override {
    engine::actor_access::dead(*actor_).emit(to_letter(what, actor_name(), partition()));
  }
  void set_watermark(event_time t) noexcept { watermark_ = t; }

  processing_time time{1'000'000'000'000};
  std::vector<std::string> lines;

private:
  actor* actor_;
};

/// One partition of a registered actor without an engine around it: parameters and records come as text, and what the
/// actor emits is kept as CSV lines for each output.
class text_rig : engine::output_listener {
public:
  struct setting {
    std::string id;
    std::map<std::string, param_value> params{};
    std::string input_fields{};  ///< of the input "in", e.g. "key:string,value:float64"
    std::uint32_t partition = 0;
    std::uint32_t parallelism = 1;
    std::string base_folder{};
    std::uint32_t batch_events = 4;
  };
  explicit text_rig(const setting& s);

  /// What `configure` or a parameter said; empty: all fine, outputs are bound.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Handles records given as CSV lines without a header.
  void feed(const std::vector<std::string>& lines);
  [[nodiscard]] batch_ptr batch_of(const std::vector<std::string>& lines) const;
  /// Polls a producer until it ends or waits, at most `polls` times.
  poll_result::next poll(std::size_t max = 256, int polls = 1'000'000);
  /// What came out of a port so far, a CSV line each.
  [[nodiscard]] std::vector<std::string> output(const std::string& port = "out");

  template <class T = actor>
  [[nodiscard]] T& as() {
    return static_cast<T&>(*actor_);
  }
  [[nodiscard]] rig_context& ctx() noexcept { return *context_; }
  [[nodiscard]] poll_result last_poll() const noexcept { return last_poll_; }

private:
  void batch_full(output_base& out) override;
  void emit_current(output_base&) override {}
  void set_params(const setting& s);
  void configure(const setting& s);

  std::unique_ptr<actor> actor_;
  std::unique_ptr<rig_context> context_;
  record_type_ptr input_type_;
  std::string problem_;
  std::map<std::string, std::vector<std::string>> lines_;
  poll_result last_poll_{};
};

}  // namespace millrace::testing
