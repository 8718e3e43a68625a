#include <algorithm>
#include <chrono>
#include <utility>

#include "millrace/topology.hpp"
#include "node/access/gatekeeper.hpp"
#include "node/access/topics.hpp"
#include "node/wall_clock.hpp"

// Keys that people make themselves with an invitation, and what they may read of the audit log.
namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::size_t entries_usual = 200;
constexpr std::size_t entries_max = 1000;

}  // namespace

result<key_offer> gatekeeper::offer_in(const json& args) const {
  try {
    key_offer offer{args.at("name").get<std::string>(), {}};
    const auto text = args.at("role").get<std::string>();
    const auto may = role_of(text);
    if (!may) return user_error(errc::invalid_argument, "'" + text + "' is no role: viewer, operator or admin");
    auto allows = limits_in(args, *may);
    if (!allows) return std::move(allows).error();
    offer.allows = *std::move(allows);
    if (!is_valid_name(offer.name)) {
      return user_error(errc::invalid_argument, "'" + offer.name.substr(0, 64) + "' is no name for a key");
    }
    if (keys_.all().contains(offer.name)) {
      return user_error(errc::already_exists, "there is, or was, a key '" + offer.name + "': take another name");
    }
    return offer;
  } catch (const json::exception&) {
    return user_error(errc::invalid_argument,
                      "key_invite takes name, role and, if wanted, topologies and topics (lists)");
  }
}

result<json> gatekeeper::accept_key(const transport::control_caller& who, const json& args) {
  const auto invitation = key_of_node(who);
  if (invitation.empty()) {
    return user_error(errc::invalid_argument, "key_accept is for people with an invitation; others use key_create");
  }
  const auto offer = invited_.offer_of(invitation);
  if (!offer) return user_error(errc::denied, "this invitation is for a node: join with 'millrace node join'");
  const auto key = args.find("public_key");
  if (key == args.end() || !key->is_string() || !transport::is_curve_key(key->get_ref<const std::string&>())) {
    return user_error(errc::invalid_argument, "key_accept takes public_key, 40 characters of Z85");
  }
  const auto& own = key->get_ref<const std::string&>();
  const auto now = wall_seconds();
  json answer{{"name", offer->name}, {"role", to_string(offer->allows.may)}, {"server_key", keys_.own().public_key}};
  put_limits(offer->allows, answer);
  // What would be refused must not use the invitation up; who comes again has the key already.
  if (keys_.find(offer->name, own)) return answer;
  if (keys_.all().contains(offer->name) && invited_.is_open(invitation)) {
    return user_error(errc::already_exists,
                      "there is a key '" + offer->name + "' meanwhile: ask for an invitation with another name");
  }
  if (auto used = invited_.use(invitation, own, now); !used) return std::move(used).error();
  if (auto added = keys_.add(offer->name, {own, offer->allows, time_now(), ""}); !added) {
    return std::move(added).error();
  }
  return answer;
}

result<json> gatekeeper::read_log(const json& args) {
  const auto wanted = args.value("limit", json(entries_usual));
  const auto is_wanted = args.value("verify", json(false));
  if (!wanted.is_number_unsigned() || !is_wanted.is_boolean()) {
    return user_error(errc::invalid_argument, "audit takes limit, a number, and verify, true or false");
  }
  auto entries = json::array();
  const auto most = std::min<std::uint64_t>(wanted.get<std::uint64_t>(), entries_max);
  const std::lock_guard lock{*writing_};
  for (const auto& e : audit_log::newest(log_.folder(), static_cast<std::size_t>(most))) {
    entries.push_back({{"at", e.at},
                       {"who", e.who},
                       {"verb", e.verb},
                       {"topology", e.topology},
                       {"outcome", e.outcome},
                       {"detail", e.detail}});
  }
  json answer{{"entries", std::move(entries)}};
  if (!is_wanted.get<bool>()) return answer;
  const auto found = audit_log::verify(log_.folder(), keys_.own().secret_key, &verified_);
  if (!found) return found.error();
  answer["intact"] = found->problem.empty();
  answer["verified"] = found->entries;
  answer["problem"] = found->problem;
  return answer;
}

}  // namespace millrace::node
