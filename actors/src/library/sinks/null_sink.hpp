#pragma once

#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Takes events, counts them and forgets them: for measuring what lies before it.
class null_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::idempotent; }
  void on_end_of_input(context& c) override;
  void save_state(msgpack::writer& out) const override { out.integer(count_); }
  bool load_state(msgpack::reader& in) override { return in.integer(count_); }

  /// Events taken since the start, recoveries included once.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
  /// Looks at no record, so batches of any type are taken as they are.
  class counting_input final : public input_base {
  public:
    explicit counting_input(null_sink* owner) : input_base(owner, "in"), sink_{owner} {}
    accepts what() const noexcept override { return accepts::any; }
    std::shared_ptr<const record_type> type() const override { return nullptr; }
    void process(engine::batch_run& run) override;

  private:
    null_sink* sink_;
  };

  counting_input in_{this};
  std::uint64_t count_ = 0;
};

}  // namespace millrace::library
