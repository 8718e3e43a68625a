#include "node/access/gatekeeper.hpp"

#include <unistd.h>

#include <utility>

#include "millrace/text/time_text.hpp"
#include "millrace/topology.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;
using transport::control_caller;

constexpr std::chrono::seconds allowance_period{10};

std::string now_text() {
  std::string text;
  append_iso_time(
      text, {std::chrono::duration_cast<std::chrono::nanoseconds>(
                 std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch())
                 .count()});
  return text;
}

std::string name_of(const control_caller& who) {
  return who.is_local() ? "local:" + std::to_string(::geteuid()) : who.key;
}

}  // namespace

result<gatekeeper> gatekeeper::open(const std::filesystem::path& folder) {
  auto keys = key_registry::open(folder);
  if (!keys) return std::move(keys).error();
  auto log = audit_log::open(folder, keys->own().secret_key);
  if (!log) return std::move(log).error();
  return gatekeeper{*std::move(keys), *std::move(log)};
}

std::optional<std::uint64_t> gatekeeper::allowance::take() {
  const auto now = std::chrono::steady_clock::now();
  if (entries == 0 || now - since >= allowance_period) {
    since = now;
    entries = 0;
  }
  if (entries >= entries_max) {
    ++left_out;
    return std::nullopt;
  }
  ++entries;
  return std::exchange(left_out, 0);
}

std::optional<std::string> gatekeeper::admit(const std::string& public_key) {
  auto name = keys_.name_of(public_key);
  if (name) return name;
  if (const auto before = refused_.take()) {
    // Nobody waits for it: should it fail, the next entry that somebody waits for says so.
    (void)log_.add({now_text(), "unknown key", "connect", "", std::to_string(*before + 1) + " refused"});
  }
  return std::nullopt;
}

result<grant> gatekeeper::grant_of(const control_caller& who) const {
  if (who.is_local()) return grant{role::admin, {}};
  const auto known = keys_.find(who.key);
  if (!known) return user_error(errc::denied, "the key '" + who.key + "' is revoked");
  return *known;
}

result<void> gatekeeper::check(const control_caller& who, const verb_rule& rule, const std::string& topology) const {
  const auto allows = grant_of(who);
  if (!allows) return allows.error();
  return node::check(*allows, rule, topology);
}

result<void> gatekeeper::note(const control_caller& who, const std::string& verb, const std::string& topology,
                              const std::string& outcome) {
  // What a stranger calls a topology may be anything, and of any length.
  const auto& name = topology.empty() || is_valid_name(topology) ? topology : std::string{"(no name)"};
  if (outcome != to_string(errc::denied)) return log_.add({now_text(), name_of(who), verb, name, outcome});
  const auto before = denied_.take();
  if (!before) return {};
  const auto left_out = *before == 0 ? std::string{} : ", " + std::to_string(*before) + " more before it";
  return log_.add({now_text(), name_of(who), verb, name, outcome + left_out});
}

result<json> gatekeeper::create_key(const json& args) {
  try {
    const auto name = args.at("name").get<std::string>();
    const auto text = args.at("role").get<std::string>();
    const auto may = role_of(text);
    if (!may) return user_error(errc::invalid_argument, "'" + text + "' is no role: viewer, operator or admin");
    known_key key{args.at("public_key"), {*may, args.value("topologies", std::vector<std::string>{})}, now_text(), ""};
    if (auto added = keys_.add(name, std::move(key)); !added) return std::move(added).error();
    return json{{"name", name}, {"server_key", keys_.own().public_key}};
  } catch (const json::exception&) {
    return user_error(errc::invalid_argument,
                      "key_create takes name, role, public_key and, if wanted, topologies (a list)");
  }
}

result<json> gatekeeper::revoke_key(const json& args) {
  const auto name = args.find("name");
  if (name == args.end() || !name->is_string()) return user_error(errc::invalid_argument, "key_revoke takes a name");
  if (auto done = keys_.revoke(name->get<std::string>(), now_text()); !done) return std::move(done).error();
  return json{{"name", *name}, {"revoked", true}};
}

json gatekeeper::list_keys() const {
  auto out = json::array();
  for (const auto& [name, k] : keys_.all()) {
    out.push_back({{"name", name},
                   {"role", to_string(k.allows.may)},
                   {"topologies", k.allows.topologies},
                   {"created_at", k.created_at},
                   {"revoked_at", k.revoked_at},
                   {"public_key", k.public_key}});
  }
  return out;
}

}  // namespace millrace::node
