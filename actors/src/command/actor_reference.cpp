#include "command/actor_reference.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "catalogue/actor_description.hpp"
#include "millrace/actor.hpp"

namespace millrace::command {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of what an example gives: enough to see the shape.
constexpr int shown_lines_max = 8;

std::optional<std::string> read(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return {};
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

/// A cell of a table: no line breaks, and a bar is not the end of it.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(const std::string& text) {
  return text.empty() ? std::string{} : "`" + cell(text) + "`";
}

std::string first_lines(const std::string& text) {
  std::istringstream in{text};
  std::string out;
  std::string line;
  for (int n = 0; std::getline(in, line); ++n) {
    if (n == shown_lines_max) return out + "…\n";
    out += line + "\n";
  }
  return out;
}

std::string example_text(const fs::path& folder, const std::string& id) {
  const auto name = id.substr(id.rfind('.') + 1);
  const auto topology = read(folder / (name + ".mill"));
  if (!topology) return {};
  auto text = "\n`" + name + ".mill`:\n\n```json\n" + *topology + "```\n";
  for (const char* form : {".csv", ".jsonl", ".out"}) {
    const auto given = read(folder / "expected" / (name + form));
    if (given) text += "\ngives\n\n```\n" + first_lines(*given) + "```\n";
  }
  return text;
}

std::string default_text(const json& p) {
  if (p["required"].get<bool>()) return "required";
  const auto& value = p["default"];
  return value.is_string() ? code(value.get<std::string>()) : code(value.dump());
}

std::string remarks(const param_options& o) {
  std::string text = o.live ? " May change while running." : "";
  if (o.is_secret) text += " A secret: never shown.";
  if (!o.shown_when) return text;
  text += " With " + code(o.shown_when->param);
  const char* before = " ";
  for (const auto& value : o.shown_when->values) {
    text += before + code(value);
    before = ", ";
  }
  return text + ".";
}

std::string params_text(const json& params, actor& a) {
  std::string text = "\n| parameter | takes | default | |\n|---|---|---|---|\n";
  std::size_t i = 0;
  for (const auto* p : engine::actor_access::params(a)) {
    const auto& j = params[i++];
    text += "| `" + p->name() + "` | " + cell(p->allowed()) + " | " + default_text(j) + " | " +
            cell(p->options().help) + remarks(p->options()) + " |\n";
  }
  return text;
}

std::string ports_text(const json& ports, const char* what, const char* detail) {
  std::string text;
  for (const auto& port : ports) {
    const auto name = port["name"].get<std::string>();
    if (name == "dead") continue;  // every actor has it
    text += (text.empty() ? "" : "; ") + code(name) + ", " + port[detail].get<std::string>() +
            (port.value("keyed", false) ? ", by key" : "");
  }
  return text.empty() ? text : std::string{"\n"} + what + ": " + text + "\n";
}

std::string section(const actor_registry::entry& type, const std::string& examples) {
  const auto j = catalogue::describe(type);
  const auto made = type.make();
  const auto promise = j["promise"].get<std::string>();
  auto text = "\n### " + type.info.id + "\n\n" + type.info.help + "\n";
  if (!promise.empty()) text += "\nPromise: " + promise + "\n";
  text += ports_text(j["inputs"], "Inputs", "accepts") + ports_text(j["outputs"], "Outputs", "emits");
  if (!j["parameters"].empty()) text += params_text(j["parameters"], *made);
  if (!examples.empty()) text += example_text(examples, type.info.id);
  return text;
}

}  // namespace

result<std::string> actor_reference(const std::string& examples) {
  if (!examples.empty() && !fs::is_directory(examples)) {
    return user_error(errc::not_found, "there is no folder '" + examples + "'");
  }
  constexpr std::array kinds{std::pair{actor_kind::producer, "Producers"}, std::pair{actor_kind::router, "Routers"},
                             std::pair{actor_kind::processor, "Processors"}, std::pair{actor_kind::sink, "Sinks"}};
  std::string text =
      "# Actor reference\n\nMade by `millrace actor reference` from what the actors say of themselves. Every actor has "
      "an "
      "output `dead` besides those\nnamed here: what its failure policy gave up.\n";
  for (const auto& [kind, title] : kinds) {
    std::string sections;
    for (const auto& [id, type] : actor_registry::instance().entries()) {
      if (!catalogue::is_of_benchmarks(type) && type.make()->kind() == kind) sections += section(type, examples);
    }
    if (!sections.empty()) text += std::string{"\n## "} + title + "\n" + sections;
  }
  return text;
}

}  // namespace millrace::command
