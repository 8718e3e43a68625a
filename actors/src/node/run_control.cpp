#include "node/run_control.hpp"

#include <unistd.h>

#include <utility>

#include "millrace/transport/control_endpoint.hpp"
#include "node/chaos_answer.hpp"
#include "node/leftover_sockets.hpp"
#include "node/letters/letter_answer.hpp"
#include "node/state_answer.hpp"
#include "node/status_json.hpp"
#include "node/steering_answer.hpp"
#include "node/telemetry_json.hpp"
#include "node/why.hpp"

namespace millrace::node {

result<std::unique_ptr<run_control>> run_control::open(const std::string& topology, std::string data_dir,
                                                       runtime::topology_run& run, const trace_watch& traces,
                                                       const run_metrics* metrics) {
  auto folder = transport::runtime_folder();
  if (!folder) return std::move(folder).error();
  remove_leftover_sockets(*folder);
  auto endpoint = transport::endpoint_of(*folder, topology, static_cast<std::uint32_t>(::getpid()));
  if (!endpoint) return std::move(endpoint).error();
  auto sockets = transport::zmq_context::open(0);
  if (!sockets) return std::move(sockets).error();

  std::unique_ptr<run_control> made{new run_control{topology, std::move(data_dir), run, traces, metrics}};
  made->sockets_ = std::make_unique<transport::zmq_context>(*std::move(sockets));
  transport::control_service service;
  service.on_request = [c = made.get()](const auto&, const std::string& verb,
                                        const nlohmann::json& args) -> result<nlohmann::json> {
    if (verb == "state") return answer_state(c->run_, args);
    if (verb == "trace") return c->traces_.answer(args);
    if (verb == "alerts") return c->metrics_ == nullptr ? no_alert_rules() : c->metrics_->alerts();
    if (is_steering(verb)) return steer(c->run_, verb, args);
    if (is_chaos(verb)) return answer_chaos(c->run_.faults(), verb, args);
    if (is_about_letters(verb)) return answer_letters_of(c->run_, verb, args);
    if (is_look(verb)) return c->desk_.answer({}, verb, args);
    return verb == "why" ? c->why() : c->answer(verb);
  };
  service.on_topic = [c = made.get()](const auto&, const std::string&, const nlohmann::json& choice) {
    return c->telemetry(choice);
  };
  auto server = transport::control_server::start(*made->sockets_, endpoint->address, std::move(service));
  if (!server) return std::move(server).error();
  made->server_ = *std::move(server);
  return made;
}

void run_control::publish(status_view view) {
  const std::lock_guard lock{mutex_};
  newest_ = std::move(view);
}

nlohmann::json run_control::status() {
  const std::lock_guard lock{mutex_};
  return with_process(to_json(newest_));
}

result<nlohmann::json> run_control::telemetry(const nlohmann::json& args) {
  const auto choice = read_choice(args);
  if (!choice) return choice.error();
  if (!choice->topology.empty() && choice->topology != topology_) {
    return user_error(errc::not_found, "this process runs '" + topology_ + "', not '" + choice->topology + "'");
  }
  const std::lock_guard lock{mutex_};
  auto state = telemetry_json(newest_, *choice);
  return state ? with_process(*std::move(state)) : std::move(state);
}

nlohmann::json run_control::with_process(nlohmann::json j) const {
  j["pid"] = ::getpid();
  j["data_dir"] = data_dir_;
  return j;
}

result<nlohmann::json> run_control::why() {
  const std::lock_guard lock{mutex_};
  return answer_why(newest_, run_.plan());
}

result<nlohmann::json> run_control::answer(const std::string& verb) {
  if (verb == "status") return status();
  if (verb == "list") return nlohmann::json::array({status()});
  if (verb == "snapshot") {
    run_.snapshot_now();
    return nlohmann::json{{"started", true}};
  }
  if (verb == "stop") {
    is_stop_wanted_ = true;
    return nlohmann::json{{"stopping", true}};
  }
  return user_error(errc::not_found, "there is no verb '" + verb +
                                         "'; there are status, why, list, snapshot, pause, resume, mute, unmute, set, "
                                         "state, trace, alerts, stop and those of chaos, tail, break and deadletter");
}

}  // namespace millrace::node
