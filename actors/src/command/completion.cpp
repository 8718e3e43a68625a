#include "command/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace millrace::command {

namespace {

struct candidate {
  std::string word;
  std::string help;
  bool takes_value = false;
};

/// What may follow a chain of verbs: " snapshot inspect", or nothing for the program itself.
struct level {
  std::string path;
  std::vector<candidate> verbs;
  std::vector<candidate> options;
};

std::vector<candidate> options_of(const CLI::App& app) {
  std::vector<candidate> found;
  for (const auto* option : app.get_options()) {
    const bool takes_value = option->get_expected_max() != 0 && option->get_items_expected_max() != 0;
    for (const auto& name : option->get_lnames())
      found.push_back({"--" + name, option->get_description(), takes_value});
  }
  return found;
}

void collect(const CLI::App& app, const std::string& path, std::vector<level>& out) {
  level here{path, {}, options_of(app)};
  const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* sub : subs) here.verbs.push_back({sub->get_name(), sub->get_description(), false});
  out.push_back(std::move(here));
  for (const auto* sub : subs) collect(*sub, path + " " + sub->get_name(), out);
}

/// For use between single quotes in any of the shells.
std::string quoted(std::string text) {
  std::ranges::replace(text, '\'', '`');
  return "'" + text + "'";
}

std::string words_of(const level& l) {
  std::string words;
  for (const auto* list : {&l.verbs, &l.options}) {
    for (const auto& c : *list) words += (words.empty() ? "" : " ") + c.word;
  }
  return words;
}

/// A case pattern of all chains of verbs but the empty one.
std::string known_paths(const std::vector<level>& levels) {
  std::string pattern;
  for (const auto& l : levels) {
    if (!l.path.empty()) pattern += (pattern.empty() ? "\"" : "|\"") + l.path + "\"";
  }
  return pattern;
}

std::string bash_script(const std::vector<level>& levels) {
  std::string text =
      "# bash completion for millrace\n"
      "_millrace() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} path= words= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n"
      "      " +
      known_paths(levels) +
      ") path=\"$path $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n";
  for (const auto& l : levels) text += "    \"" + l.path + "\") words=" + quoted(words_of(l)) + " ;;\n";
  return text +
         "  esac\n"
         "  COMPREPLY=()\n"
         "  while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _millrace millrace\n";
}

std::string zsh_list(const std::vector<candidate>& candidates) {
  std::string text;
  for (const auto& c : candidates) text += " " + quoted(c.word + ":" + c.help);
  return text;
}

std::string zsh_script(const std::vector<level>& levels) {
  std::string text =
      "#compdef millrace\n"
      "_millrace() {\n"
      "  local verb_path='' word\n"
      "  local -a verbs options\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$verb_path $word\" in\n"
      "      " +
      known_paths(levels) +
      ") verb_path=\"$verb_path $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$verb_path\" in\n";
  for (const auto& l : levels) {
    text += "    \"" + l.path + "\") verbs=(" + zsh_list(l.verbs) + " ); options=(" + zsh_list(l.options) + " ) ;;\n";
  }
  return text +
         "  esac\n"
         "  (( ${#verbs} )) && _describe 'verb' verbs\n"
         "  _describe -o 'option' options\n"
         "  (( ${#verbs} )) || _files\n"
         "}\n"
         "_millrace \"$@\"\n";
}

/// True exactly when the verbs of `path` have been typed and none that could follow them.
std::string fish_condition(const level& l) {
  std::string condition;
  for (std::size_t at = 1; at < l.path.size();) {
    const auto end = std::min(l.path.find(' ', at), l.path.size());
    condition += "__fish_seen_subcommand_from " + l.path.substr(at, end - at) + "; and ";
    at = end + 1;
  }
  if (l.verbs.empty()) return condition.empty() ? "true" : condition.substr(0, condition.size() - 6);
  std::string next;
  for (const auto& v : l.verbs) next += " " + v.word;
  return condition + "not __fish_seen_subcommand_from" + next;
}

std::string fish_script(const std::vector<level>& levels) {
  std::string text = "# fish completion for millrace\n";
  for (const auto& l : levels) {
    const auto start = "complete -c millrace -n " + quoted(fish_condition(l));
    for (const auto& v : l.verbs) text += start + " -f -a " + v.word + " -d " + quoted(v.help) + "\n";
    for (const auto& o : l.options) {
      text += start + " -l " + o.word.substr(2) + (o.takes_value ? " -r" : "") + " -d " + quoted(o.help) + "\n";
    }
  }
  return text;
}

}  // namespace

const std::vector<std::string>& completion_shells() {
  static const std::vector<std::string> shells{"bash", "zsh", "fish"};
  return shells;
}

std::string completion_script(const CLI::App& grammar, const std::string& shell) {
  std::vector<level> levels;
  collect(grammar, "", levels);
  if (shell == "bash") return bash_script(levels);
  return shell == "zsh" ? zsh_script(levels) : fish_script(levels);
}

}  // namespace millrace::command
