#include "node/chaos_answer.hpp"

#include <chrono>

#include "millrace/chaos/node_target.hpp"

namespace millrace::node {

namespace {

using chaos::fault_report;
using chaos::fault_request;
using nlohmann::json;

double ms(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

std::chrono::nanoseconds from_ms(const json& v) {
  return std::chrono::milliseconds{v.get<std::int64_t>()};
}

void read_limits(const json& args, fault_request& r) {
  if (args.contains("for_ms")) r.duration = from_ms(args["for_ms"]);
  if (args.contains("lease_ms")) r.lease = from_ms(args["lease_ms"]);
  r.seed = args.value("seed", r.seed);
  r.probability = args.value("probability", r.probability);
  r.after_events = args.value("after_events", r.after_events);
  r.share_max = args.value("share_max", r.share_max);
  if (args.contains("hits_max")) r.hits_max = args["hits_max"].get<std::uint64_t>();
}

result<fault_request> read_request(const json& args) {
  try {
    const auto kind = chaos::fault_kind_of(args.value("kind", ""));
    if (!kind) return kind.error();
    fault_request r;
    r.kind = *kind;
    r.target = chaos::to_text({args.value("node", ""), args.value("target", "")});
    if (const auto given = args.find("parameters"); given != args.end()) {
      r.parameters = given->get<decltype(r.parameters)>();
    }
    read_limits(args, r);
    return r;
  } catch (const json::exception& e) {
    return user_error(errc::invalid_argument,
                      std::string{"chaos_inject: an argument is of the wrong kind: "} + e.what());
  }
}

json to_json(const fault_report& f) {
  return {{"id", f.id},
          {"kind", chaos::entry_of(f.request.kind).name},
          {"target", f.request.target},
          {"places", f.places},
          {"parameters", f.request.parameters},
          {"state", to_string(f.state)},
          {"hits", f.hits},
          {"hits_max", f.request.hits_max.value_or(0)},
          {"seed", f.request.seed},
          {"probability", f.request.probability},
          {"after_events", f.request.after_events},
          {"for_ms", ms(f.request.duration)},
          {"lease_ms", ms(f.request.lease)},
          {"age_ms", ms(f.age)},
          {"left_ms", ms(f.left)}};
}

result<std::uint64_t> id_of(const json& args) {
  const auto found = args.find("id");
  if (found == args.end()) return std::uint64_t{0};
  if (!found->is_number_unsigned()) return user_error(errc::invalid_argument, "'id' is the number of a fault");
  return found->get<std::uint64_t>();
}

}  // namespace

bool harms_whole_node(const json& args) {
  const auto request = read_request(args);
  if (!request) return false;
  const auto place = chaos::entry_of(request->kind).place;
  return place == chaos::fault_place::process || place == chaos::fault_place::disk;
}

result<json> answer_chaos(chaos::fault_board& faults, const std::string& verb, const json& args) {
  if (verb == "chaos_inject") {
    auto request = read_request(args);
    if (!request) return std::move(request).error();
    const auto id = faults.inject(*std::move(request));
    if (!id) return id.error();
    return json{{"id", *id}};
  }
  if (verb == "chaos_list") {
    faults.sweep();
    auto out = json::array();
    for (const auto& f : faults.list()) out.push_back(to_json(f));
    return out;
  }
  const auto id = id_of(args);
  if (!id) return id.error();
  if (verb == "chaos_renew") {
    if (auto renewed = faults.renew(*id); !renewed) return std::move(renewed).error();
    return json{{"renewed", true}};
  }
  if (verb == "chaos_clear") {
    const auto cleared = faults.clear(*id);
    if (!cleared) return cleared.error();
    return json{{"cleared", *cleared}};
  }
  return user_error(errc::not_found,
                    "there is no verb '" + verb + "'; there are chaos_inject, chaos_renew, chaos_list and chaos_clear");
}

}  // namespace millrace::node
