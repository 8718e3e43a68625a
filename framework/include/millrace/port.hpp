#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/detail/call_member.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/key.hpp"
#include "millrace/typed_batch.hpp"

namespace millrace {

namespace engine {

/// One batch on its way through a handler. `cursor` is the record being handled, so that a failure can be pinned to it
/// and work can be resumed; `pause` is set by an output without credit and ends the loop after the current record.
struct batch_run {
  context& ctx;
  const batch& records;
  keyed_state& state;
  const std::uint64_t* hashes = nullptr;  ///< one a record for keyed inputs
  const key_bytes* keys = nullptr;
  std::uint32_t cursor = 0;
  const bool* pause = nullptr;
  const row_id* hints = nullptr;  ///< where each record's key probably has its row; may be missing
  std::uint32_t end = 0;          ///< handle records before this one only
  const input_base* input = nullptr;
};

/// Told by an output that its batch is full. Thread: owning task.
class output_listener {
public:
  virtual ~output_listener() = default;
  virtual void batch_full(output_base& out) = 0;
  /// Emits the record being handled as it came, on an output that passes the records of its input.
  virtual void emit_current(output_base& out) = 0;
};

}  // namespace engine

/// What the engine sees of an input port.
class input_base {
public:
  enum class accepts : std::uint8_t {
    typed,    ///< one C++ record type
    dynamic,  ///< any record, as `record_view`
    any,      ///< any batch as it is (routers)
  };
  input_base(const input_base&) = delete;
  input_base& operator=(const input_base&) = delete;
  virtual ~input_base() = default;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] virtual accepts what() const noexcept = 0;
  /// The record type a typed input wants; nullptr otherwise.
  [[nodiscard]] virtual std::shared_ptr<const record_type> type() const = 0;
  /// True: the handler wants whole batches, so it cannot be keyed.
  [[nodiscard]] virtual bool takes_batches() const noexcept { return false; }
  /// Handles records from `run.cursor` to `run.end`; stops early when paused, with `cursor` behind the last one done.
  virtual void process(engine::batch_run& run) = 0;

  /// Key of a typed input; nullptr when not keyed (or keyed by field names, see `key_fields`).
  [[nodiscard]] const std::shared_ptr<const key_extractor>& key() const noexcept { return key_; }
  /// Key of a dynamic input, by field names.
  [[nodiscard]] const std::vector<std::string>& key_fields() const noexcept { return key_fields_; }
  [[nodiscard]] bool is_keyed() const noexcept { return key_ != nullptr || !key_fields_.empty(); }
  /// Every partition gets every record of this input, in one order: its handler may change broadcast state.
  [[nodiscard]] bool is_broadcast() const noexcept { return is_broadcast_; }
  /// What the handler makes of a key's events can be made in parts, in several places and any order, and merged.
  [[nodiscard]] bool is_mergeable() const noexcept { return is_mergeable_; }
  /// For dynamic inputs, called in `configure` when the key is a parameter.
  void key_by(std::vector<std::string> fields) { key_fields_ = std::move(fields); }

protected:
  input_base(actor* owner, std::string name) : owner_{owner}, name_{std::move(name)} {
    engine::actor_access::inputs(*owner).push_back(this);
  }
  actor* owner_;
  std::shared_ptr<const key_extractor> key_;
  bool is_broadcast_ = false;
  bool is_mergeable_ = false;

private:
  std::string name_;
  std::vector<std::string> key_fields_;
};

/// What makes an input keyed: a member, `{&Trade::account, &Trade::venue}` as several, or a named function.
template <class T>
class key_spec {
public:
  key_spec() = default;
  template <class K>
  key_spec(K T::*member) : extractor{key_of<T>(member)} {}  // NOLINT: implicit by intent
  template <class... K>
  requires(sizeof...(K) > 1) key_spec(K T::*... members)
      : extractor{key_of<T>(members...)} {}  // NOLINT: implicit by intent
  template <class F>
  requires std::is_invocable_v<F, const T&> key_spec(std::string name, F f)
      : extractor{key_of<T>(std::move(name), std::move(f))} {}

  std::shared_ptr<const key_extractor> extractor;
};

template <class T>
struct in_options {
  key_spec<T> key{};
  bool broadcast = false;  ///< fed by a broadcast router: the handler may change broadcast state
  /// The key may be salted: all that the handler does is to add to windows and running totals, in whatever order.
  bool mergeable = false;
};

/// An input of records of type `T`, or of any record as `record_view`.
///
/// The handler takes one record (`void (context&, const T&)`) or a whole batch (`void (context&, std::span<const T>)`,
/// for inputs without a key).
template <class T>
class in final : public input_base {
  static constexpr bool is_dynamic = std::is_same_v<T, record_view>;
  using each_handler = void (actor::*)(context&, const T&);
  using batch_handler = void (actor::*)(context&, std::span<const T>);

public:
  template <class Owner>
  in(Owner* owner, std::string name, void (Owner::*handler)(context&, const T&), in_options<T> options = {})
      : input_base(owner, std::move(name)), each_{static_cast<each_handler>(handler)} {
    key_ = std::move(options.key.extractor);
    is_broadcast_ = options.broadcast;
    is_mergeable_ = options.mergeable;
  }
  template <class Owner>
  requires(!is_dynamic) in(Owner* owner, std::string name, void (Owner::*handler)(context&, std::span<const T>))
      : input_base(owner, std::move(name)), batch_{static_cast<batch_handler>(handler)} {}

  [[nodiscard]] accepts what() const noexcept override { return is_dynamic ? accepts::dynamic : accepts::typed; }
  [[nodiscard]] std::shared_ptr<const record_type> type() const override {
    if constexpr (is_dynamic) {
      return nullptr;
    } else {
      return record_type_of<T>();
    }
  }
  [[nodiscard]] bool takes_batches() const noexcept override { return batch_ != nullptr; }
  void process(engine::batch_run& run) override {
    if constexpr (!is_dynamic) {
      const auto records = rows<T>(run.records);
      if (batch_ != nullptr) {
        detail::call_member(owner_, batch_, run.ctx, records.subspan(run.cursor, run.end - run.cursor));
        run.cursor = run.end;
        return;
      }
      loop(run, [&](std::uint32_t i) -> const T& { return records[i]; });
    } else {
      loop(run, [&](std::uint32_t i) { return record_view{run.records, i}; });
    }
  }

private:
  template <class RecordAt>
  void loop(engine::batch_run& run, RecordAt record_at) {
    // Locals: GCC 12's UBSan takes `(owner_->*each_)(...)` on members for a call through a null pointer.
    auto* const owner = owner_;
    const auto each = each_;
    if (run.hashes == nullptr) {
      for (; run.cursor < run.end && !*run.pause; ++run.cursor) (owner->*each)(run.ctx, record_at(run.cursor));
      return;
    }
    for (; run.cursor < run.end && !*run.pause; ++run.cursor) {
      run.state.select(run.hashes[run.cursor], run.keys[run.cursor],
                       run.hints == nullptr ? engine::no_row : run.hints[run.cursor]);
      (owner->*each)(run.ctx, record_at(run.cursor));
    }
    run.state.deselect();
  }

  each_handler each_ = nullptr;
  batch_handler batch_ = nullptr;
};

/// What the engine sees of an output port.
class output_base {
public:
  output_base(const output_base&) = delete;
  output_base& operator=(const output_base&) = delete;
  virtual ~output_base() = default;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The record type emitted; nullptr while a dynamic output's schema is not fixed.
  [[nodiscard]] const std::shared_ptr<const record_type>& type() const noexcept { return type_; }
  /// For dynamic outputs and routers, called in `configure`.
  void set_type(std::shared_ptr<const record_type> type) { type_ = std::move(type); }

  /// Connects the output to the engine; an output never bound drops what is emitted (nobody listens).
  virtual void bind(engine::output_listener& listener, std::uint32_t batch_events) {
    listener_ = &listener;
    builder_ = type_->make_builder(batch_events);
  }
  /// For an output nobody listens to: what passes it is counted all the same.
  void attach(engine::output_listener& listener) noexcept { listener_ = &listener; }
  [[nodiscard]] batch_builder* builder() const noexcept { return builder_.get(); }
  /// True: leaving it unconnected is no oversight.
  [[nodiscard]] bool is_optional() const noexcept { return is_optional_; }
  /// The input whose records leave here as they came; nullptr for outputs of records of their own.
  [[nodiscard]] virtual const input_base* passes() const noexcept { return nullptr; }
  /// Nothing may be emitted here: this instance only collects partial results.
  void close() noexcept { is_closed_ = true; }

protected:
  output_base(actor* owner, std::string name, std::shared_ptr<const record_type> type, bool is_optional = false)
      : name_{std::move(name)}, type_{std::move(type)}, is_optional_{is_optional} {
    engine::actor_access::outputs(*owner).push_back(this);
  }
  void full() { listener_->batch_full(*this); }
  void emit_current() {
    if (listener_ != nullptr) listener_->emit_current(*this);
  }
  /// What is emitted goes nowhere. Throws std::logic_error when the output is closed.
  void unheard() const {
    if (is_closed_) throw_closed();
  }

private:
  [[noreturn]] void throw_closed() const;

  std::string name_;
  std::shared_ptr<const record_type> type_;
  bool is_optional_;
  bool is_closed_ = false;
  engine::output_listener* listener_ = nullptr;
  std::unique_ptr<batch_builder> builder_;
};

struct out_options {
  bool optional = false;  ///< validation does not warn when no stream leaves it
};

/// An output for the records of one input that came too late, as they came. Nobody has to listen.
class late_output final : public output_base {
public:
  late_output(actor* owner, const input_base& of, std::string name)
      : output_base(owner, std::move(name), of.type(), true), of_{&of} {}
  [[nodiscard]] const input_base* passes() const noexcept override { return of_; }
  /// Sends the record being handled on, if it came by this output's input.
  void take() { emit_current(); }

private:
  const input_base* of_;
};

/// The late outputs of what judges lateness (windows, joins): one for each input declared before it. They are called
/// "late" with one input and "late_<input>" with several; "<name>_late…" when an actor judges in several places.
/// Throws std::logic_error when no input was declared yet.
class late_outputs {
public:
  late_outputs(actor* owner, const std::string& name);
  /// Sends the record being handled on where it belongs.
  void take() {
    for (auto& o : outputs_) o->take();
  }

private:
  std::vector<std::unique_ptr<late_output>> outputs_;
};

/// An output of records of type `T`: `out<Alert> alerts{this, "alerts"}; alerts.emit({…});` Large records are cheaper
/// to fill in place: `if (alerts.is_connected()) { alerts.row().account = …; alerts.emit(); }`
template <class T>
class out final : public output_base {
public:
  out(actor* owner, std::string name, out_options options = {})
      : output_base(owner, std::move(name), record_type_of<T>(), options.optional) {}

  void bind(engine::output_listener& listener, std::uint32_t batch_events) override {
    output_base::bind(listener, batch_events);
    typed_ = static_cast<typed_builder<T>*>(builder());
  }
  void emit(const T& record) {
    if (typed_ == nullptr) return unheard();
    typed_->push(record);
    if (typed_->is_full()) full();
  }
  void emit(T&& record) {
    if (typed_ == nullptr) return unheard();
    typed_->push(std::move(record));
    if (typed_->is_full()) full();
  }

  /// False when nobody listens: skip the work of building a record.
  [[nodiscard]] bool is_connected() const {
    if (typed_ == nullptr) unheard();
    return typed_ != nullptr;
  }
  /// A new record with C++ defaults to fill in, then `emit()`. Only when connected.
  [[nodiscard]] T& row() { return typed_->emplace(); }
  /// Finishes the record begun with `row()`.
  void emit() {
    if (typed_->is_full()) full();
  }

private:
  typed_builder<T>* typed_ = nullptr;
};

/// An output of dynamic records, whose schema `configure` fixes with `set_type(dynamic_record_type(schema))`.
template <>
class out<record_view> final : public output_base {
public:
  out(actor* owner, std::string name, out_options options = {})
      : output_base(owner, std::move(name), nullptr, options.optional) {}

  void bind(engine::output_listener& listener, std::uint32_t batch_events) override {
    output_base::bind(listener, batch_events);
    rows_ = static_cast<dynamic_builder*>(builder());
  }
  /// False when nobody listens: skip the work of building a record.
  [[nodiscard]] bool is_connected() const {
    if (rows_ == nullptr) unheard();
    return rows_ != nullptr;
  }
  /// The builder to write one record to: `begin_row`, `set`…, then `emit()`. Only when connected.
  [[nodiscard]] dynamic_builder& row() { return *rows_; }
  /// Finishes the record begun with `row()`.
  void emit() {
    if (rows_->is_full()) full();
  }
  /// Copies a whole record of the same schema.
  void emit(const record_view& record) {
    if (rows_ == nullptr) return unheard();
    rows_->append(record);
    if (rows_->is_full()) full();
  }

private:
  dynamic_builder* rows_ = nullptr;
};

}  // namespace millrace
