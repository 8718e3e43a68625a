#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/context.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/error.hpp"
#include "millrace/inspect/watch_board.hpp"
#include "millrace/topology.hpp"
#include "millrace/transport/frame_codec.hpp"

namespace millrace::runtime {

class exchange;

struct guest_options {
  std::shared_ptr<exchange> nodes;
  std::string lead;      ///< the node that asks
  std::string data_dir;  ///< logs of logged producers, and state beyond its memory; snapshots are with the lead
  std::size_t threads = 0;
  /// Whether tasks of this topology may run here. Its error is told to the lead. Empty: they may.
  std::function<result<void>(const topology&)> admits{};
  engine::protections protect{};                           ///< negative controls only
  std::function<void(log_level, const std::string&)> log;  ///< called from any thread; the lead hears it too
  /// Makes what answers the lead when somebody looks into channels of the tasks here; kept as long as the run. Its
  /// calls are one at a time. Empty: nobody answers.
  using look_answerer = std::function<std::string(const std::string& question)>;
  std::function<look_answerer(inspect::watch_board&, const engine::plan&, std::function<bool(task_id)> is_here)>
      looks{};
};

/// Some tasks of a topology that another node leads. Lives until the lead lets it go or is lost. Thread: one for
/// `start` and the destructor, any for the rest.
class guest_run {
public:
  /// What a message of a run that nobody knows asks for: the run and the name of its topology. errc::not_found: it does
  /// not ask for a guest.
  struct request {
    transport::topology_instance instance;
    std::string topology;
  };
  [[nodiscard]] static result<request> read(bytes_view message);

  /// Takes up what the message asks for. When it cannot (a topology that does not validate here, actors that are not
  /// those of the lead), the lead is told why.
  [[nodiscard]] static result<std::unique_ptr<guest_run>> start(guest_options options, bytes_view message);
  virtual ~guest_run() = default;

  [[nodiscard]] virtual transport::topology_instance instance() const = 0;
  /// A further message about it that came before it listened itself.
  virtual void take(bytes_view message) = 0;
  /// Names of the tasks it hosts, "actor/partition".
  [[nodiscard]] virtual std::vector<std::string> tasks() const = 0;
  /// All its tasks have ended, and none will come: to be destroyed.
  [[nodiscard]] virtual bool is_over() const = 0;
  /// All tasks end at once; the lead goes on when they are back.
  virtual void end() = 0;
};

}  // namespace millrace::runtime
