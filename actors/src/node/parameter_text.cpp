#include "node/parameter_text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/detail/nearest.hpp"
#include "millrace/registry.hpp"
#include "millrace/validation.hpp"

namespace millrace::node {

namespace {

template <class Number>
bool parse_whole(const std::string& text, Number& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc{} && end == text.data() + text.size();
}

result<param_value> value_of(const param_base& p, const nlohmann::json& value) {
  if (value.is_string()) return parse_parameter(p, value.get<std::string>());
  if (value.is_boolean()) return param_value{value.get<bool>()};
  if (value.is_number_float()) return param_value{value.get<double>()};
  if (value.is_number_integer() && (value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX : true)) {
    return param_value{value.get<std::int64_t>()};
  }
  return user_error(errc::invalid_argument,
                    "expected " + p.allowed() + ", not " + (p.options().is_secret ? masked_value : value.dump()));
}

std::string suggestion(const std::string& wanted, const std::vector<std::string>& names) {
  const auto near = detail::nearest(wanted, names);
  return near.empty() ? "there are " + detail::quoted_list(names) : "did you mean '" + near + "'?";
}

error not_live(const std::string& where, const std::vector<std::string>& live) {
  const auto others =
      live.empty() ? std::string{"none of this actor's can"} : "of this actor " + detail::quoted_list(live) + " can";
  return user_error(errc::invalid_argument,
                    "'" + where + "' cannot be changed while the topology runs (" + others +
                        "): change it in the file and deploy that with --replace, which goes on from a last snapshot");
}

}  // namespace

result<param_value> parse_parameter(const param_base& p, const std::string& text) {
  const std::string type = p.type_name();
  if (type == "text") return param_value{text};
  if (type == "integer") {
    if (std::int64_t number = 0; parse_whole(text, number)) return param_value{number};
  } else if (type == "number") {
    if (double number = 0; parse_whole(text, number)) return param_value{number};
  } else {
    if (text == "yes" || text == "true") return param_value{true};
    if (text == "no" || text == "false") return param_value{false};
  }
  return user_error(errc::invalid_argument, "expected " + p.allowed() + ", not '" + p.shown(param_value{text}) + "'");
}

result<param_value> set_live_parameter(topology& t, const std::string& actor, const std::string& param,
                                       const nlohmann::json& value) {
  const auto spec = std::ranges::find(t.actors, actor, &actor_spec::name);
  if (spec == t.actors.end()) {
    std::vector<std::string> names;
    for (const auto& a : t.actors) names.push_back(a.name);
    return user_error(errc::not_found, "there is no actor '" + actor + "'; " + suggestion(actor, names));
  }
  const auto* type = actor_registry::instance().find(spec->type);
  if (type == nullptr) return user_error(errc::not_found, "the type '" + spec->type + "' is not known to this node");
  const auto probe = type->make();
  std::vector<std::string> names;
  std::vector<std::string> live;
  const param_base* found = nullptr;
  for (const auto* p : engine::actor_access::params(*probe)) {
    names.push_back(p->name());
    if (p->options().live) live.push_back(p->name());
    if (p->name() == param) found = p;
  }
  const auto where = actor + "." + param;
  if (found == nullptr) {
    return user_error(errc::not_found, spec->type + " has no parameter '" + param + "'; " + suggestion(param, names));
  }
  if (!found->options().live) return not_live(where, live);
  auto wanted = value_of(*found, value);
  if (!wanted) return user_error(wanted.error().code, where + ": " + wanted.error().message);
  spec->params[param] = *wanted;
  for (const auto& p : validate(t).problems) {
    if (p.level == problem::severity::error) return user_error(errc::invalid_argument, to_string(p));
  }
  return wanted;
}

}  // namespace millrace::node
