#include <array>
#include <charconv>

#include "millrace/duration.hpp"
#include "millrace/topology.hpp"

namespace millrace {
namespace {

std::string quoted(const std::string& text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (code < 0x20) {
      out += {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 15]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// The shortest text that reads back to the same number, and as a number with a fraction.
std::string text_of(double d) {
  std::array<char, 32> buffer;  // NOLINT: written by to_chars
  const std::string text{buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), d).ptr};
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string text_of(const param_value& v) {
  if (const auto* b = std::get_if<bool>(&v)) return *b ? "true" : "false";
  if (const auto* i = std::get_if<std::int64_t>(&v)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&v)) return text_of(*d);
  return quoted(std::get<std::string>(v));
}

/// `{"name": value, …}` on one line.
class object_text {
public:
  void add(const std::string& name, const std::string& value) {
    text_ += (text_.empty() ? "" : ", ") + quoted(name) + ": " + value;
  }
  void add_unless(bool is_default, const char* name, const std::string& value) {
    if (!is_default) add(name, value);
  }
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

private:
  std::string text_;
};

std::string text_of(const topology_settings& s) {
  object_text o;
  o.add("key_groups", std::to_string(s.key_groups));
  o.add("snapshot_interval", quoted(to_text(s.snapshot_interval)));
  o.add("snapshot_timeout", quoted(to_text(s.snapshot_timeout)));
  o.add("guarantee", quoted(to_string(s.promise)));
  if (s.dead_letters.bytes_max != dead_letter_settings{}.bytes_max) {
    o.add("dead_letter_mib", std::to_string(s.dead_letters.bytes_max >> 20));
  }
  if (s.dead_letters.when_full != dead_letter_settings{}.when_full) {
    o.add("dead_letter_overflow", quoted(to_string(s.dead_letters.when_full)));
  }
  return o.text();
}

void add_restarts(object_text& o, const failure_policy& f) {
  const failure_policy usual;
  o.add_unless(f.scope == usual.scope, "scope", quoted(to_string(f.scope)));
  o.add_unless(f.max_restarts == usual.max_restarts, "max_restarts", std::to_string(f.max_restarts));
  o.add_unless(f.period == usual.period, "period", quoted(to_text(f.period)));
  o.add_unless(f.backoff == usual.backoff, "backoff", quoted(to_text(f.backoff)));
  o.add_unless(f.backoff_max == usual.backoff_max, "backoff_max", quoted(to_text(f.backoff_max)));
  o.add_unless(f.jitter_percent == usual.jitter_percent, "jitter_percent", std::to_string(f.jitter_percent));
  o.add_unless(f.beyond == usual.beyond, "beyond", quoted(to_string(f.beyond)));
}

std::string text_of(const failure_policy& f) {
  const failure_policy usual;
  object_text o;
  o.add("action", quoted(to_string(f.action)));
  o.add_unless(f.max_attempts == usual.max_attempts, "max_attempts", std::to_string(f.max_attempts));
  o.add_unless(f.after_retries == usual.after_retries, "after_retries", quoted(to_string(f.after_retries)));
  add_restarts(o, f);
  o.add_unless(f.hang_after == usual.hang_after, "hang_after", quoted(to_text(f.hang_after)));
  o.add_unless(f.on_hang == usual.on_hang, "on_hang", quoted(to_string(f.on_hang)));
  return o.text();
}

std::string bytes_text(std::uint64_t bytes) {
  for (const auto& [unit, shift] : {std::pair{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}) {
    if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0) return std::to_string(bytes >> shift) + unit;
  }
  return std::to_string(bytes) + "B";
}

std::string text_of(const state_spec& s) {
  object_text o;
  o.add("place", quoted(to_string(s.place)));
  o.add_unless(s.memory_bytes == state_spec{}.memory_bytes, "memory", quoted(bytes_text(s.memory_bytes)));
  return o.text();
}

std::string text_of(const actor_spec& a) {
  object_text params;
  for (const auto& [name, value] : a.params) params.add(name, text_of(value));
  object_text o;
  o.add("name", quoted(a.name));
  o.add("type", quoted(a.type));
  o.add_unless(a.parallelism == 1, "parallelism", std::to_string(a.parallelism));
  o.add_unless(a.params.empty(), "params", params.text());
  o.add_unless(a.on_failure == failure_policy{}, "on_failure", text_of(a.on_failure));
  o.add_unless(a.state == state_spec{}, "state", text_of(a.state));
  return o.text();
}

std::string text_of(const group_spec& g) {
  std::string actors;
  for (const auto& a : g.actors) actors += (actors.empty() ? "" : ", ") + quoted(a);
  object_text o;
  o.add("name", quoted(g.name));
  o.add("actors", "[" + actors + "]");
  add_restarts(o, g.restarts);
  return o.text();
}

std::string text_of(const stream_spec& s) {
  return quoted(s.from_actor + "." + s.from_port + " -> " + s.to_actor + "." + s.to_port);
}

template <class Items>
std::string lines_of(const Items& items) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() == 1 ? "\n    " : ",\n    ") + text_of(item);
  return text + (items.empty() ? "]" : "\n  ]");
}

}  // namespace

std::string to_text(const topology& t) {
  return "{\n  \"millrace\": 1,\n  \"name\": " + quoted(t.name) + ",\n  \"settings\": " + text_of(t.settings) +
         ",\n  \"actors\": " + lines_of(t.actors) + ",\n  \"streams\": " + lines_of(t.streams) +
         (t.groups.empty() ? "" : ",\n  \"groups\": " + lines_of(t.groups)) + "\n}\n";
}

}  // namespace millrace
