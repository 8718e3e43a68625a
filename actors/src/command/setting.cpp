#include "command/setting.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <vector>

#include "console/terminal.hpp"
#include "millrace/detail/nearest.hpp"
#include "millrace/duration.hpp"
#include "millrace/registry.hpp"
#include "node/parameter_text.hpp"

namespace millrace::command {

namespace {

error wrong(const std::string& where, const std::string& what) {
  return user_error(errc::invalid_argument, "--set " + where + ": " + what);
}

template <class Number>
bool parse_whole(const std::string& text, Number& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc{} && end == text.data() + text.size();
}

result<void> set_count(const std::string& where, const std::string& text, std::uint32_t& out) {
  if (!parse_whole(text, out)) return wrong(where, "expected a whole number, not '" + text + "'");
  return {};
}

result<void> set_duration(const std::string& where, const std::string& text, std::chrono::milliseconds& out) {
  const auto parsed = parse_duration(text);
  if (!parsed) return wrong(where, parsed.error().message);
  out = *parsed;
  return {};
}

result<void> set_promise(const std::string& where, const std::string& text, guarantee& out) {
  for (const auto g : {guarantee::at_most_once, guarantee::at_least_once, guarantee::exactly_once}) {
    if (text != to_string(g)) continue;
    out = g;
    return {};
  }
  return wrong(where, "expected exactly_once, at_least_once or at_most_once, not '" + text + "'");
}

result<void> set_overflow(const std::string& where, const std::string& text, dead_letter_settings::overflow& out) {
  using enum dead_letter_settings::overflow;
  for (const auto o : {stop, drop_oldest, drop_newest}) {
    if (text != to_string(o)) continue;
    out = o;
    return {};
  }
  return wrong(where, "expected stop, drop_oldest or drop_newest, not '" + text + "'");
}

result<void> set_dead_letter_mib(const std::string& where, const std::string& text, dead_letter_settings& out) {
  std::uint32_t mib = 0;
  if (auto ok = set_count(where, text, mib); !ok) return ok;
  out.bytes_max = std::uint64_t{mib} << 20;
  return {};
}

result<void> apply_topology_setting(topology_settings& s, const std::string& where, const std::string& name,
                                    const std::string& text) {
  if (name == "key_groups") return set_count(where, text, s.key_groups);
  if (name == "snapshot_interval") return set_duration(where, text, s.snapshot_interval);
  if (name == "snapshot_timeout") return set_duration(where, text, s.snapshot_timeout);
  if (name == "guarantee") return set_promise(where, text, s.promise);
  if (name == "dead_letter_mib") return set_dead_letter_mib(where, text, s.dead_letters);
  if (name == "dead_letter_overflow") return set_overflow(where, text, s.dead_letters.when_full);
  const std::vector<std::string> names{"dead_letter_mib", "dead_letter_overflow", "guarantee",
                                       "key_groups",      "snapshot_interval",    "snapshot_timeout"};
  return wrong(where, "there is no such setting; there are " + detail::quoted_list(names));
}

constexpr std::size_t secret_bytes_max = 64 << 10;

/// `@FILE` stands for what the file holds: other users of the machine see arguments while a command runs.
result<std::string> secret_in(const std::string& where, const std::string& text) {
  if (!text.starts_with('@')) {
    console::terminal::instance().write_error(
        "warning: --set " + where +
        ": other users of this machine can see arguments while a command runs; give a secret as " + where +
        "=@FILE, or in the topology's file\n");
    return text;
  }
  const auto path = text.substr(1);
  std::ifstream in{path, std::ios::binary};
  std::string out(secret_bytes_max + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (out.size() > secret_bytes_max) return wrong(where, "'" + path + "' has more than 64 KiB");
  while (out.ends_with('\n') || out.ends_with('\r')) out.pop_back();
  if (out.empty()) return wrong(where, "'" + path + "' cannot be read, or is empty");
  return out;
}

result<void> apply_parameter(actor_spec& spec, const std::string& where, const std::string& name,
                             const std::string& text) {
  const auto* type = actor_registry::instance().find(spec.type);
  if (type == nullptr) return wrong(where, "the actor's type '" + spec.type + "' is not known");
  const auto probe = type->make();
  std::vector<std::string> names;
  for (const auto* p : engine::actor_access::params(*probe)) {
    if (p->name() == name) {
      auto given = p->options().is_secret ? secret_in(where, text) : result<std::string>{text};
      if (!given) return std::move(given).error();
      auto value = node::parse_parameter(*p, *given);
      if (!value) return wrong(where, value.error().message);
      spec.params[name] = *std::move(value);
      return {};
    }
    names.push_back(p->name());
  }
  if (name == "parallelism") return set_count(where, text, spec.parallelism);
  const auto near = detail::nearest(name, names);
  return wrong(where, spec.type + " has no parameter '" + name + "'; " +
                          (near.empty() ? "it has " + detail::quoted_list(names) : "did you mean '" + near + "'?"));
}

}  // namespace

result<void> apply_setting(topology& t, const std::string& text) {
  const auto equals = text.find('=');
  const auto where = text.substr(0, equals);
  const auto dot = where.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 == where.size()) {
    // Not its value: that may be a secret.
    return wrong("'" + where + "'", "expected actor.parameter=value or settings.name=value");
  }
  const auto owner = where.substr(0, dot);
  const auto name = where.substr(dot + 1);
  const auto value = text.substr(equals + 1);
  const auto spec = std::ranges::find(t.actors, owner, &actor_spec::name);
  if (spec != t.actors.end()) return apply_parameter(*spec, where, name, value);
  if (owner == "settings") return apply_topology_setting(t.settings, where, name, value);
  std::vector<std::string> names;
  for (const auto& a : t.actors) names.push_back(a.name);
  const auto near = detail::nearest(owner, names);
  return wrong(where, "there is no actor '" + owner + "'; " +
                          (near.empty() ? "there are " + detail::quoted_list(names) : "did you mean '" + near + "'?"));
}

}  // namespace millrace::command
