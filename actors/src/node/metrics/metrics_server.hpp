#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "library/net/http_server.hpp"
#include "millrace/error.hpp"
#include "node/metrics/metrics_text.hpp"

namespace millrace::node {

/// What a process tells monitoring over HTTP: `/metrics` for Prometheus, `/health` (is it at work) and `/ready` (does
/// every topology run that is to). Read only and without keys, so it listens on the loopback unless told otherwise.
///
/// Life: `start` to destructor. Thread: owner; the page is made on the server's.
class metrics_server {
public:
  /// Called on the server's thread. Must not wait.
  using source = std::function<std::vector<measured_topology>()>;
  using process_source = std::function<measured_process()>;

  /// Listens at `address` (`127.0.0.1:9464`). `process`: null: the page is of topologies alone. Errors: an address that
  /// is none, or that is taken.
  [[nodiscard]] static result<std::unique_ptr<metrics_server>> start(const std::string& address, source topologies,
                                                                     process_source process = {});
  ~metrics_server();
  metrics_server(const metrics_server&) = delete;
  metrics_server& operator=(const metrics_server&) = delete;

  [[nodiscard]] std::string url() const { return "http://" + server_.address().text() + "/metrics"; }
  /// Others than programs of this machine reach it.
  [[nodiscard]] bool is_open_to_others() const noexcept { return !server_.address().is_loopback(); }
  /// The owner is alive: `/health` is good for ten seconds. Thread: any.
  void beat() noexcept;

private:
  class page;
  metrics_server(source topologies, process_source process);

  std::unique_ptr<page> page_;
  library::http_server server_;
};

}  // namespace millrace::node
