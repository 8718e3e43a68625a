#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"
#include "millrace/testing/collected.hpp"

namespace millrace::testing {

/// A type id in the actor registry that makes what a harness wants, for as long as the harness lives.
///
/// The registry is read by name and never shrinks, so ids are taken again by later harnesses: a process that makes a
/// thousand of them registers as many types as were alive at once. Thread: any, but not while another thread validates.
class borrowed_type {
public:
  explicit borrowed_type(actor_registry::factory make);
  borrowed_type(const borrowed_type&) = delete;
  borrowed_type& operator=(const borrowed_type&) = delete;
  ~borrowed_type();
  [[nodiscard]] std::string id() const;

private:
  std::size_t slot_;
};

/// Registers the framework's routers under the ids of the ready-made ones when nobody has, so that a test needs no
/// library but this one.
void provide_routers();

/// A scripted producer emits 1 to so many records a poll, so that batches end anywhere.
inline constexpr std::uint32_t records_per_poll = 8;

/// What a scripted producer says, and how.
struct script {
  std::string port = "out";
  record_type_ptr type;
  std::vector<batch_ptr> partitions;  ///< one batch with all records each
  std::chrono::nanoseconds disorder{0};
  std::chrono::nanoseconds pause{0};
  std::map<std::string, record_type_ptr> other_ports{};
};
[[nodiscard]] std::unique_ptr<actor> make_scripted(std::shared_ptr<const script> s);

/// An input to be taken the place of.
struct input_shape {
  std::string name = "in";
  input_base::accepts what = input_base::accepts::dynamic;
  record_type_ptr type{};  ///< typed inputs
  key_ptr key{};
  std::vector<std::string> key_fields{};
};

/// Where collecting sinks put what they got: the "disk" of a run. Outlives its simulation.
struct collection {
  struct files {
    std::map<epoch_id, collected> prepared, committed;
  };
  std::map<std::pair<std::string, std::uint32_t>, files> of_task;  ///< by actor and partition

  [[nodiscard]] collected of(const std::string& actor_name) const;
};

/// A sink with these inputs that collects in files per epoch, transactional as the file sink is. `current` gives the
/// disk of the run at hand.
[[nodiscard]] std::unique_ptr<actor> make_collecting(const std::vector<input_shape>& inputs,
                                                     std::function<collection&()> current);

}  // namespace millrace::testing
