#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <optional>

#include "json_text.hpp"
#include "millrace/detail/nearest.hpp"
#include "millrace/duration.hpp"
#include "millrace/topology.hpp"

namespace millrace {
namespace {

using detail::json_node;
using kind = json_node::kind;

constexpr std::uintmax_t file_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t actors_max = 10'000;
constexpr std::size_t streams_max = 100'000;
/// Enough to mend a file by; beyond that the file is not what it was taken for.
constexpr std::size_t messages_max = 50;

const char* const name_rule = "a name: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -";

/// A value of the file and the JSON pointer to it.
struct place {
  const json_node* node;
  std::string pointer;

  [[nodiscard]] std::optional<place> member(const std::string& name) const {
    const auto* found = node->find(name);
    if (found == nullptr) return std::nullopt;
    return place{found, pointer + "/" + name};
  }
  [[nodiscard]] place element(std::size_t i) const { return {&node->elements[i], pointer + "/" + std::to_string(i)}; }
};

/// Turns the values of a file into a topology; goes on after a mistake so that one reading reports them all.
class topology_reader {
public:
  topology_reader(const std::string& text, const std::string& source) : text_{text}, source_{source} {}

  result<topology> read(const json_node& root) {
    topology t;
    const place top{&root, ""};
    if (is_object(top, {"millrace", "name", "settings", "actors", "streams", "groups"})) {
      read_version(top);
      read_name(top, "name", t.name);
      if (const auto p = top.member("settings")) read_settings(*p, t.settings);
      each(top, "actors", actors_max, [&](const place& p) { read_actor(p, t.actors.emplace_back()); });
      each(top, "streams", streams_max, [&](const place& p) { read_stream(p, t); });
      if (top.member("groups")) {
        each(top, "groups", actors_max, [&](const place& p) { read_group(p, t.groups.emplace_back()); });
      }
    }
    if (messages_.empty()) return t;
    return user_error(errc::parse_error, joined());
  }

private:
  void complain(const place& p, const std::string& what) {
    if (++mistakes_ > messages_max) return;
    messages_.push_back(source_ + ":" + detail::line_and_column(text_, p.node->offset) + ": " +
                        (p.pointer.empty() ? "/" : p.pointer) + ": " + what);
  }
  void expected(const place& p, const std::string& what) {
    const auto& n = *p.node;
    const auto found = n.what == kind::text ? "'" + n.text.substr(0, 64) + "'" : std::string{to_string(n.what)};
    complain(p, "expected " + what + ", not " + (n.what == kind::integer ? std::to_string(n.integer) : found));
  }
  [[nodiscard]] std::string joined() const {
    std::string all;
    for (const auto& m : messages_) all += (all.empty() ? "" : "\n") + m;
    if (mistakes_ > messages_max) all += "\nand " + std::to_string(mistakes_ - messages_max) + " more";
    return all;
  }

  bool is_object(const place& p, std::initializer_list<const char*> known) {
    if (p.node->what != kind::object) {
      expected(p, "an object");
      return false;
    }
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& [name, value] : p.node->members) {
      if (std::ranges::find(names, name) != names.end()) continue;
      const auto near = detail::nearest(name, names);
      complain({&value, p.pointer + "/" + name.substr(0, 64)},
               "there is no member '" + name.substr(0, 64) + "' here; " +
                   (near.empty() ? "expected " + detail::quoted_list(names) : "did you mean '" + near + "'?"));
    }
    return true;
  }
  std::optional<place> required(const place& p, const char* name) {
    auto found = p.member(name);
    if (!found) complain(p, std::string{"expected a member '"} + name + "'");
    return found;
  }
  template <class Read>
  void each(const place& top, const char* name, std::size_t most, Read read_one) {
    const auto list = required(top, name);
    if (!list) return;
    if (list->node->what != kind::array) return expected(*list, "a list");
    const auto count = list->node->elements.size();
    if (count > most) {
      return complain(*list,
                      "expected at most " + std::to_string(most) + " " + name + ", not " + std::to_string(count));
    }
    for (std::size_t i = 0; i < count; ++i) read_one(list->element(i));
  }

  void read_version(const place& top) {
    const auto p = required(top, "millrace");
    if (p && (p->node->what != kind::integer || p->node->integer != 1))
      expected(*p, "1, the version of this file format");
  }
  void read_name(const place& parent, const char* member, std::string& out) {
    const auto p = required(parent, member);
    if (!p) return;
    if (p->node->what != kind::text || !is_valid_name(p->node->text)) return expected(*p, name_rule);
    out = p->node->text;
  }
  void read_count(const place& parent, const char* member, std::uint32_t& out) {
    const auto p = parent.member(member);
    if (!p) return;
    if (p->node->what != kind::integer || !std::in_range<std::uint32_t>(p->node->integer)) {
      return expected(*p, "a whole number from 0 to 4294967295");
    }
    out = static_cast<std::uint32_t>(p->node->integer);
  }
  void read_duration(const place& parent, const char* member, std::chrono::milliseconds& out) {
    const auto p = parent.member(member);
    if (!p) return;
    const auto parsed = parse_duration(p->node->text);
    if (p->node->what != kind::text || !parsed) return expected(*p, "a duration such as \"250ms\", \"1s\" or \"5m\"");
    out = *parsed;
  }
  void read_guarantee(const place& parent, guarantee& out) {
    const auto p = parent.member("guarantee");
    if (!p) return;
    for (const auto g : {guarantee::at_most_once, guarantee::at_least_once, guarantee::exactly_once}) {
      if (p->node->text != to_string(g)) continue;
      out = g;
      return;
    }
    expected(*p, "\"exactly_once\", \"at_least_once\" or \"at_most_once\"");
  }
  template <class Choice>
  void read_choice(const place& parent, const char* member, Choice& out, const char* allowed) {
    const auto p = parent.member(member);
    if (p && (p->node->what != kind::text || !parse(p->node->text, out))) expected(*p, allowed);
  }
  void read_action(const place& parent, const char* member, failure_action& out) {
    const auto p = parent.member(member);
    if (p && !parse(p->node->text, out)) {
      expected(*p, "\"resume\", \"retry\", \"restart\", \"stop\" or \"escalate\"");
    }
  }

  void read_settings(const place& p, topology_settings& s) {
    if (!is_object(p, {"key_groups", "snapshot_interval", "snapshot_timeout", "guarantee", "dead_letter_mib",
                       "dead_letter_overflow"})) {
      return;
    }
    read_count(p, "key_groups", s.key_groups);
    read_duration(p, "snapshot_interval", s.snapshot_interval);
    read_duration(p, "snapshot_timeout", s.snapshot_timeout);
    read_guarantee(p, s.promise);
    read_dead_letters(p, s.dead_letters);
  }
  void read_dead_letters(const place& p, dead_letter_settings& s) {
    auto mib = static_cast<std::uint32_t>(s.bytes_max >> 20);
    read_count(p, "dead_letter_mib", mib);
    s.bytes_max = std::uint64_t{mib} << 20;
    const auto policy = p.member("dead_letter_overflow");
    if (!policy) return;
    using enum dead_letter_settings::overflow;
    for (const auto o : {stop, drop_oldest, drop_newest}) {
      if (policy->node->what == kind::text && policy->node->text == to_string(o)) {
        s.when_full = o;
        return;
      }
    }
    expected(*policy, "\"stop\", \"drop_oldest\" or \"drop_newest\"");
  }
  void read_actor(const place& p, actor_spec& a) {
    if (!is_object(p, {"name", "type", "parallelism", "params", "on_failure", "state"})) return;
    read_name(p, "name", a.name);
    if (const auto type = required(p, "type")) {
      if (type->node->what != kind::text || type->node->text.empty()) return expected(*type, "the id of an actor type");
      a.type = type->node->text;
    }
    read_count(p, "parallelism", a.parallelism);
    if (const auto params = p.member("params")) read_params(*params, a.params);
    if (const auto policy = p.member("on_failure")) read_policy(*policy, a.on_failure);
    if (const auto state = p.member("state")) read_state(*state, a.state);
  }
  void read_state(const place& p, state_spec& s) {
    if (!is_object(p, {"place", "memory"})) return;
    if (const auto where = p.member("place")) {
      const auto& text = where->node->text;
      if (text != "memory" && text != "disk") return expected(*where, "\"memory\" or \"disk\"");
      s.place = text == "disk" ? state_place::disk : state_place::memory;
    }
    if (const auto memory = p.member("memory")) {
      const auto parsed = bytes_of(memory->node->text);
      if (memory->node->what != kind::text || !parsed) {
        return expected(*memory, "a size such as \"64MiB\" or \"2GiB\"");
      }
      s.memory_bytes = *parsed;
    }
  }
  static std::optional<std::uint64_t> bytes_of(const std::string& text) {
    std::uint64_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, code] = std::from_chars(text.data(), end, number);
    const std::string_view unit{at, static_cast<std::size_t>(end - at)};
    if (code != std::errc{}) return std::nullopt;
    for (const auto& [name, shift] : {std::pair{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}) {
      if (unit == name && number <= std::numeric_limits<std::uint64_t>::max() >> shift) return number << shift;
    }
    return std::nullopt;
  }
  void read_params(const place& p, std::map<std::string, param_value>& params) {
    if (p.node->what != kind::object) return expected(p, "an object");
    for (const auto& [name, value] : p.node->members) {
      switch (value.what) {
        case kind::boolean:
          params[name] = value.boolean;
          break;
        case kind::integer:
          params[name] = value.integer;
          break;
        case kind::number:
          params[name] = value.number;
          break;
        case kind::text:
          params[name] = value.text;
          break;
        default:
          expected({&value, p.pointer + "/" + name}, "text, a number, true or false");
      }
    }
  }
  void read_policy(const place& p, failure_policy& f) {
    if (!is_object(p, {"action", "max_attempts", "after_retries", "max_restarts", "period", "backoff", "backoff_max",
                       "jitter_percent", "scope", "beyond", "hang_after", "on_hang"})) {
      return;
    }
    read_action(p, "action", f.action);
    read_count(p, "max_attempts", f.max_attempts);
    read_action(p, "after_retries", f.after_retries);
    read_restarts(p, f);
    read_duration(p, "hang_after", f.hang_after);
    read_choice(p, "on_hang", f.on_hang, "\"report\", \"rebuild\" or \"restart\"");
  }
  void read_restarts(const place& p, failure_policy& f) {
    read_choice(p, "scope", f.scope, "\"one_for_one\", \"rest_for_one\" or \"all_for_one\"");
    read_count(p, "max_restarts", f.max_restarts);
    read_duration(p, "period", f.period);
    read_duration(p, "backoff", f.backoff);
    read_duration(p, "backoff_max", f.backoff_max);
    read_count(p, "jitter_percent", f.jitter_percent);
    read_action(p, "beyond", f.beyond);
  }
  void read_group(const place& p, group_spec& g) {
    if (!is_object(p, {"name", "actors", "scope", "max_restarts", "period", "backoff", "backoff_max", "jitter_percent",
                       "beyond"})) {
      return;
    }
    read_name(p, "name", g.name);
    each(p, "actors", actors_max, [&](const place& one) {
      if (one.node->what != kind::text) return expected(one, "the name of an actor");
      g.actors.push_back(one.node->text);
    });
    read_restarts(p, g.restarts);
  }

  void read_stream(const place& p, topology& t) {
    if (p.node->what == kind::text) {
      const auto arrow = p.node->text.find("->");
      if (arrow == std::string::npos) return expected(p, "a stream such as \"a.out -> b.in\"");
      return connect(t, p, trimmed(p.node->text.substr(0, arrow)), p, trimmed(p.node->text.substr(arrow + 2)));
    }
    if (p.node->what != kind::object) return expected(p, "a stream such as \"a.out -> b.in\"");
    if (!is_object(p, {"from", "to"})) return;
    const auto from = required(p, "from");
    const auto to = required(p, "to");
    if (from && to) connect(t, *from, from->node->text, *to, to->node->text);
  }
  void connect(topology& t, const place& from_place, const std::string& from, const place& to_place,
               const std::string& to) {
    if (!is_end(from)) return expected(from_place, "an end such as \"actor.port\" before the arrow");
    if (!is_end(to)) return expected(to_place, "an end such as \"actor.port\" behind the arrow");
    t.connect(from, to);
  }
  static bool is_end(const std::string& text) {
    const auto dot = text.find('.');
    return is_valid_name(text.substr(0, dot)) && (dot == std::string::npos || is_valid_name(text.substr(dot + 1)));
  }
  static std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
  }

  const std::string& text_;
  const std::string& source_;
  std::vector<std::string> messages_;
  std::size_t mistakes_ = 0;
};

error too_large(const std::string& source) {
  return user_error(errc::limit_exceeded,
                    source + ": the file is larger than 16 MiB, which no topology needs; is it the right one?");
}

}  // namespace

result<topology> parse_topology(const std::string& text, const std::string& source) {
  if (text.size() > file_bytes_max) return too_large(source);
  auto root = detail::parse_json(text, source);
  if (!root) return std::move(root).error();
  return topology_reader{text, source}.read(*root);
}

result<topology> load_topology(const std::string& path) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (failure) {
    const auto code = failure == std::errc::no_such_file_or_directory ? errc::not_found : errc::io_error;
    return user_error(code,
                      path + ": cannot read the topology: " + failure.message() + "; give the path of a .mill file");
  }
  if (size > file_bytes_max) return too_large(path);
  std::ifstream in{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return user_error(errc::io_error, path + ": cannot read the topology: " + std::strerror(errno));
  auto t = parse_topology(text, path);
  if (t) t->base_folder = std::filesystem::absolute(path, failure).parent_path().string();
  return t;
}

}  // namespace millrace
