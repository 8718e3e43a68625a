#include "chaos/experiment.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "chaos/experiment_trial.hpp"
#include "chaos/json_place.hpp"
#include "chaos/tolerance.hpp"

namespace millrace::chaos {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// What `${name}` stands for.
std::map<std::string, json> configuration_of(const place& root) {
  std::map<std::string, json> out;
  for (const char* const section : {"secrets", "configuration"}) {
    if (!root.has(section)) continue;
    const auto all = root.at(section).object();
    for (const auto& [name, value] : all.value.items()) {
      const place at{value, all.pointer + "/" + name};
      if (!value.is_object() || !value.contains("type")) {
        out[name] = value;
        continue;
      }
      if (const auto type = at.at("type").text(); type != "env") {
        at.at("type").fail("'" + type + "' cannot be looked up here; there is 'env', or write the value itself");
      }
      const auto key = at.at("key").text();
      const char* const found = std::getenv(key.c_str());
      if (found == nullptr && !at.has("default")) at.at("key").fail("the environment has no " + key);
      out[name] = found != nullptr ? json(found) : value.at("default");
    }
  }
  return out;
}

/// A text that is nothing but `${name}` becomes the value with its type.
json substituted(const place& from, const std::map<std::string, json>& values) {
  if (from.value.is_structured()) {
    auto out = from.value;
    for (auto item = out.begin(); item != out.end(); ++item) {
      const auto name = from.value.is_array() ? std::to_string(item - out.begin()) : item.key();
      *item = substituted({*item, from.pointer + "/" + name}, values);
    }
    return out;
  }
  if (!from.value.is_string()) return from.value;
  static const std::regex name_in_braces{R"(\$\{([A-Za-z_][A-Za-z0-9_-]*)\})"};
  const auto text = from.value.get<std::string>();
  std::string out;
  auto rest = text.cbegin();
  for (std::sregex_iterator m{text.begin(), text.end(), name_in_braces}, end; m != end; ++m) {
    const auto name = (*m)[1].str();
    const auto found = values.find(name);
    if (found == values.end()) from.fail("'${" + name + "}' stands in no configuration");
    if (m->length() == static_cast<std::ptrdiff_t>(text.size())) return found->second;
    out.append(rest, (*m)[0].first);
    out += found->second.is_string() ? found->second.get<std::string>() : found->second.dump();
    rest = (*m)[0].second;
  }
  return out.append(rest, text.cend());
}

std::string argument_text(const json& v) {
  return v.is_string() ? v.get<std::string>() : v.dump();
}

/// As a list; as an object of names and values, "" for those that have none; as a text, split at blanks.
std::vector<std::string> arguments_of(const place& at) {
  std::vector<std::string> out;
  if (at.value.is_array()) {
    for (std::size_t i = 0; i < at.value.size(); ++i) {
      if (at.value[i].is_structured()) at.at(i).fail("an argument is a text, a number or true or false");
      out.push_back(argument_text(at.value[i]));
    }
  } else if (at.value.is_object()) {
    for (const auto& [name, value] : at.value.items()) {
      out.push_back(name);
      if (value != "") out.push_back(argument_text(value));
    }
  } else if (at.value.is_string()) {
    std::istringstream words{at.value.get<std::string>()};
    for (std::string word; words >> word;) out.push_back(word);
  } else {
    at.fail("arguments are a list, an object or a text");
  }
  return out;
}

milliseconds timeout_of(const place& at) {
  // For http it may be a pair: to connect, and to read.
  return at.value.is_array() ? at.at(std::size_t{0}).seconds() : at.seconds();
}

void read_provider(const place& at, activity& out) {
  out.provider = at.object().at("type").one_of({"process", "python", "http"});
  if (out.provider == "python") {
    (void)at.at("module").text();
    (void)at.at("func").text();
  } else if (out.provider == "http") {
    (void)at.at("url").text();
  } else {
    out.path = at.at("path").text();
    if (at.has("arguments")) out.arguments = arguments_of(at.at("arguments"));
  }
  if (at.has("timeout")) out.timeout = timeout_of(at.at("timeout"));
}

activity read_activity(const place& at, const char* wanted) {
  activity out;
  out.pointer = at.object().pointer;
  out.is_probe = at.at("type").one_of({"probe", "action"}) == "probe";
  if (wanted != nullptr && out.is_probe != (std::string{wanted} == "probe")) {
    at.at("type").fail(std::string{"only "} + wanted + "s stand here");
  }
  out.name = at.at("name").text();
  read_provider(at.at("provider"), out);
  if (at.has("background")) out.is_background = at.at("background").flag();
  if (at.has("pauses")) {
    const auto pauses = at.at("pauses").object();
    if (pauses.has("before")) out.before = pauses.at("before").seconds();
    if (pauses.has("after")) out.after = pauses.at("after").seconds();
  }
  if (at.has("tolerance")) {
    const auto t = at.at("tolerance");
    if (const auto wrong = problem_of_tolerance(t.value); !wrong.empty()) t.fail(wrong);
    out.tolerance = t.value;
  }
  return out;
}

/// Activities by name, for those that only refer to one.
using known_activities = std::map<std::string, activity>;

std::vector<activity> read_activities(const place& at, const char* wanted, known_activities& known) {
  std::vector<activity> out;
  for (std::size_t i = 0; i < at.array().value.size(); ++i) {
    const auto one = at.at(i).object();
    if (!one.has("ref")) {
      out.push_back(read_activity(one, wanted));
      known[out.back().name] = out.back();
      continue;
    }
    const auto found = known.find(one.at("ref").text());
    if (found == known.end()) one.at("ref").fail("no activity before has this name");
    out.push_back(found->second);
  }
  return out;
}

void read_runtime(const place& at, experiment& out) {
  if (at.object().has("rollbacks")) {
    const auto name = at.at("rollbacks").object().at("strategy").one_of({"default", "always", "never", "deviated"});
    out.rolls_back = name == "always"     ? rollback_strategy::always
                     : name == "never"    ? rollback_strategy::never
                     : name == "deviated" ? rollback_strategy::deviated
                                          : rollback_strategy::usual;
  }
  if (!at.has("hypothesis")) return;
  const auto h = at.at("hypothesis").object();
  if (h.has("strategy")) {
    using s = hypothesis_strategy;
    const auto name =
        h.at("strategy")
            .one_of({"default", "before-method-only", "after-method-only", "during-method-only", "continuously"});
    out.looks = name == "before-method-only"   ? s::before_method_only
                : name == "after-method-only"  ? s::after_method_only
                : name == "during-method-only" ? s::during_method_only
                : name == "continuously"       ? s::continuously
                                               : s::usual;
  }
  if (h.has("frequency"))
    out.looks_every = milliseconds{static_cast<std::int64_t>(h.at("frequency").number(0.01, 3600) * 1000)};
}

experiment read_all(const place& root, const std::string& folder) {
  experiment out;
  out.text = root.object().value;
  out.title = root.at("title").text();
  (void)root.at("description").text();
  known_activities known;
  if (root.has("steady-state-hypothesis")) {
    const auto h = root.at("steady-state-hypothesis").object();
    out.hypothesis = h.at("title").text();
    if (h.has("probes")) out.probes = read_activities(h.at("probes"), "probe", known);
    for (std::size_t i = 0; i < out.probes.size(); ++i) {
      if (!out.probes[i].tolerance) h.at("probes").at(i).fail("a probe of the hypothesis needs a 'tolerance'");
    }
  }
  out.method = read_activities(root.at("method"), nullptr, known);
  if (root.has("rollbacks")) out.rollbacks = read_activities(root.at("rollbacks"), "action", known);
  if (root.has("runtime")) read_runtime(root.at("runtime"), out);
  if (root.has("extensions")) read_extensions(root.at("extensions"), folder, out);
  return out;
}

/// A journal shows what stands in the file, and not what secrets and the environment put in.
void keep_as_written(experiment& e, const json& text) {
  e.text = text;
  for (auto* const all : {&e.probes, &e.method, &e.rollbacks}) {
    for (auto& a : *all) {
      const json::json_pointer pointer{a.pointer};
      // The configuration may hold whole activities, even lists of them: those are told by name alone.
      const bool is_written = text.contains(pointer) && text.at(pointer).is_object();
      a.text = is_written ? text.at(pointer) : json{{"type", a.is_probe ? "probe" : "action"}, {"name", a.name}};
    }
  }
  for (auto& control : e.controls) keep_as_written(control, text);
}

}  // namespace

result<experiment> read_experiment(json text, const std::string& folder, experiment_mistake* first) {
  try {
    const place raw{text, ""};
    const auto values = configuration_of(raw.object());
    const auto whole = substituted(raw, values);
    auto out = read_all({whole, ""}, folder);
    keep_as_written(out, text);
    return out;
  } catch (const mistake& m) {
    if (first != nullptr) *first = m;
    return user_error(errc::invalid_argument, (m.pointer.empty() ? "/" : m.pointer) + ": " + m.what);
  }
}

}  // namespace millrace::chaos
