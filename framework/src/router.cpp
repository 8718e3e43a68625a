#include "millrace/router.hpp"

#include "millrace/check.hpp"

namespace millrace {

/// Takes any batch; the engine hands it to `route` as it is.
class router::pass_input final : public input_base {
public:
  explicit pass_input(actor* owner) : input_base(owner, "in") {}
  [[nodiscard]] accepts what() const noexcept override { return accepts::any; }
  [[nodiscard]] std::shared_ptr<const record_type> type() const override { return nullptr; }
  void process(engine::batch_run&) override { MILLRACE_CHECK(false, "a router's batches are routed, not handled"); }
};

/// Gets the type of what arrives when the topology is wired.
class router::pass_output final : public output_base {
public:
  explicit pass_output(actor* owner) : output_base(owner, "out", nullptr) {}
};

router::router() : in_{std::make_unique<pass_input>(this)}, out_{std::make_unique<pass_output>(this)} {}

router::~router() = default;

}  // namespace millrace
