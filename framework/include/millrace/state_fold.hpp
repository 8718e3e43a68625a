#pragma once

#include <optional>
#include <string>
#include <utility>

#include "millrace/engine/state_cell.hpp"

namespace millrace {

/// One value per key that everything added is folded into:
/// `reducing<double> largest{this, "largest", [](const double& a, const double& b) { return std::max(a, b); }};`
///
/// The first value added is taken as it is. Snapshots hold it as a `keyed_value<T>` would. Thread: owning actor, inside
/// a keyed handler.
template <class T>
class reducing : engine::state_cell {
public:
  /// Must depend on its arguments alone.
  using combine = T (*)(const T& so_far, const T& added);

  reducing(actor* owner, std::string name, combine fn, const state_options<T>& options = {})
      : state_cell(owner, std::move(name), engine::type_text<T>(), engine::cell_ops_of<T>(), options,
                   engine::cell_migrations(options.migrate)),
        combine_{fn} {}

  void add(const T& v) {
    const bool is_first = read() == nullptr;
    auto& at = *reinterpret_cast<T*>(write());
    at = is_first ? v : combine_(at, v);
  }
  /// nullptr when nothing was added.
  [[nodiscard]] const T* get() const { return reinterpret_cast<const T*>(read()); }
  void clear() {
    if (read() == nullptr) return;
    *reinterpret_cast<T*>(write()) = T{};
    drop();
  }

private:
  combine combine_;
};

/// One accumulator per key: what is added changes it, what is read is made of it.
///
///     struct mean_of { double sum{}; std::int64_t count{}; };
///     MILLRACE_RECORD(mean_of, 1, sum, count)
///     aggregating<double, mean_of, double> mean{this, "mean",
///         [](mean_of& m, const double& v) { m.sum += v; ++m.count; },
///         [](const mean_of& m) { return m.sum / static_cast<double>(m.count); }};
///
/// Snapshots hold the accumulator as a `keyed_value<Acc>` would. Thread: owning actor, inside a keyed handler.
template <class In, class Acc, class Out>
class aggregating : engine::state_cell {
public:
  /// Both must depend on their arguments alone.
  using adder = void (*)(Acc& so_far, const In& added);
  using finisher = Out (*)(const Acc& so_far);

  aggregating(actor* owner, std::string name, adder fold, finisher finish, const state_options<Acc>& options = {})
      : state_cell(owner, std::move(name), engine::type_text<Acc>(), engine::cell_ops_of<Acc>(), options,
                   engine::cell_migrations(options.migrate)),
        add_{fold},
        finish_{finish} {}

  void add(const In& v) { add_(*reinterpret_cast<Acc*>(write()), v); }
  /// Nothing when nothing was added.
  [[nodiscard]] std::optional<Out> get() const {
    const auto* at = accumulator();
    if (at == nullptr) return std::nullopt;
    return finish_(*at);
  }
  [[nodiscard]] const Acc* accumulator() const { return reinterpret_cast<const Acc*>(read()); }
  void clear() {
    if (read() == nullptr) return;
    *reinterpret_cast<Acc*>(write()) = Acc{};
    drop();
  }

private:
  adder add_;
  finisher finish_;
};

}  // namespace millrace
