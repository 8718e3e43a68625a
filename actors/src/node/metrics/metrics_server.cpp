#include "node/metrics/metrics_server.hpp"

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>

namespace millrace::node {

namespace {

using library::http_answer;
using library::http_head;
using library::http_refusal;
using nlohmann::json;

// The owner beats some times a second: one that has not for so long hangs.
constexpr std::chrono::seconds alive_for{10};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

http_answer answer_of(bool is_good, json body) {
  http_answer out;
  out.status = is_good ? 200 : 503;
  out.body = body.dump() + "\n";
  return out;
}

}  // namespace

class metrics_server::page final : public library::http_service {
public:
  page(source topologies, process_source process) : topologies_{std::move(topologies)}, process_{std::move(process)} {}

  std::optional<http_answer> on_head(const http_head& head) override {
    if (head.path != "/metrics" && head.path != "/health" && head.path != "/ready") {
      return http_refusal(404, "there is nothing here; see /metrics, /health and /ready");
    }
    if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
    auto out = http_refusal(405, "only GET is answered here");
    out.headers.emplace_back("Allow", "GET");
    return out;
  }

  std::optional<http_answer> on_request(const http_head& head, std::string, const library::http_reply&) override {
    if (head.path == "/health") return health();
    if (head.path == "/ready") return readiness();
    http_answer out;
    out.body = metrics_text(topologies_(), process_ ? process_() : measured_process{});
    out.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return out;
  }

  void beat() noexcept { beaten_at_ = now_ns(); }

private:
  http_answer health() const {
    const auto silent_for = std::chrono::nanoseconds{now_ns() - beaten_at_.load()};
    const bool is_good = silent_for < alive_for;
    return answer_of(is_good, {{"status", is_good ? "ok" : "hangs"},
                               {"silent_for_s", std::chrono::duration<double>(silent_for).count()}});
  }
  http_answer readiness() const {
    auto waiting = json::object();
    for (const auto& t : topologies_()) {
      const bool is_done = t.state == "finished";
      if (t.is_wanted && !t.is_running && !is_done) waiting[t.name] = t.state;
    }
    const bool is_ready = waiting.empty();
    return answer_of(is_ready, {{"status", is_ready ? "ready" : "not ready"}, {"waiting_for", std::move(waiting)}});
  }

  source topologies_;
  process_source process_;
  std::atomic<std::int64_t> beaten_at_{now_ns()};
};

metrics_server::metrics_server(source topologies, process_source process)
    : page_{std::make_unique<page>(std::move(topologies), std::move(process))} {}

metrics_server::~metrics_server() {
  server_.stop();
}

result<std::unique_ptr<metrics_server>> metrics_server::start(const std::string& address, source topologies,
                                                              process_source process) {
  const auto at = library::parse_listen_address(address, "--metrics");
  if (!at) return at.error();
  std::unique_ptr<metrics_server> made{new metrics_server{std::move(topologies), std::move(process)}};
  library::http_limits limits;
  limits.body_bytes = 0;
  if (auto ok = made->server_.start(*at, limits, *made->page_); !ok) return std::move(ok).error();
  return made;
}

void metrics_server::beat() noexcept {
  page_->beat();
}

}  // namespace millrace::node
