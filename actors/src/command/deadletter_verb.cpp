#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>
#include <string>

#include "command/exit_code.hpp"
#include "command/letter_box.hpp"
#include "command/report.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "letters/letter_content.hpp"

namespace millrace::command {

namespace {

using engine::kept_letter;
using engine::letter_id;
using engine::letter_state;
using letters::fix_from;
using letters::line_of;
using letters::newest_content_of;
using letters::with_members;

struct letter_request {
  letter_choice from;
  std::vector<std::string> ids;
  std::string actor;
  std::string state;
  std::string reason;
  std::size_t limit = 50;
  std::optional<std::string> content;
  std::string file;
  std::string match;
  std::optional<std::string> with;
  std::vector<std::string> members;
  bool is_raw = false;
  bool is_dry = false;
  bool is_all = false;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}
void print_json(const nlohmann::json& j) {
  print(j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}
std::string count_of(std::size_t n) {
  return std::to_string(n) + (n == 1 ? " letter" : " letters");
}

/// What --actor, --state and --reason ask for.
class filter {
public:
  static result<filter> of(const letter_request& r) {
    filter out;
    out.actor_ = r.actor;
    out.state_ = r.state;
    try {
      if (!r.reason.empty()) out.reason_ = std::regex{r.reason};
    } catch (const std::regex_error& e) {
      return user_error(errc::invalid_argument, "--reason is no regular expression: " + std::string{e.what()});
    }
    return out;
  }
  [[nodiscard]] bool takes(const kept_letter& l) const {
    return (actor_.empty() || l.what.actor == actor_) && (state_.empty() || to_string(l.state) == state_) &&
           (!reason_ || std::regex_search(l.what.reason, *reason_));
  }

private:
  std::string actor_;
  std::string state_;
  std::optional<std::regex> reason_;
};

using predicate = std::function<bool(const kept_letter&)>;
using batch_work = std::function<result<void>(const std::vector<kept_letter>&)>;

// Letters in memory at a time: there may be millions.
constexpr std::size_t letters_at_once = 4096;

/// The next letters behind `after` that the filter takes and `fits`, and `after` moved on to the last one looked at;
/// none: that was all.
result<std::vector<kept_letter>> next_letters(letter_box& store, const filter& wanted, const predicate& fits,
                                              std::optional<letter_id>& after) {
  std::vector<kept_letter> out;
  const auto from = after;
  const auto walked = store.for_each(
      [&](const kept_letter& l) {
        after = l.id;
        if (wanted.takes(l) && fits(l)) out.push_back(l);
        return out.size() < letters_at_once;
      },
      from ? &*from : nullptr);
  if (!walked) return walked.error();
  return out;
}

/// Does the work for the letters named, or else for those the filter takes and that `fits`; how many there were.
result<std::size_t> for_chosen(letter_box& store, const letter_request& r, const predicate& fits,
                               const batch_work& work) {
  std::vector<kept_letter> named;
  for (const auto& text : r.ids) {
    const auto id = engine::parse_letter_id(text);
    if (!id) return id.error();
    auto found = store.find(*id);
    if (!found) return std::move(found).error();
    named.push_back(std::move(found).value());
  }
  if (!named.empty()) {
    if (auto done = work(named); !done) return done.error();
    return named.size();
  }
  const auto wanted = filter::of(r);
  if (!wanted) return wanted.error();
  std::size_t count = 0;
  std::optional<letter_id> after;
  for (;;) {
    const auto some = next_letters(store, *wanted, fits, after);
    if (!some) return some.error();
    if (some->empty()) return count;
    if (auto done = work(*some); !done) return done.error();
    count += some->size();
  }
}

bool is_waiting(const kept_letter& l) {
  return l.state == letter_state::open || l.state == letter_state::fixed;
}

int list_letters(const letter_request& r) {
  auto store = open_letters(r.from);
  if (!store) return fail_with(store.error());
  const auto wanted = filter::of(r);
  if (!wanted) return fail_with(wanted.error());
  std::size_t count = 0;
  std::map<std::string, std::size_t> by_state;
  auto found = nlohmann::json::array();
  std::string text;
  const auto walked = (*store)->for_each(
      [&](const kept_letter& l) {
        if (!wanted->takes(l)) return true;
        ++by_state[to_string(l.state)];
        if (count++ >= r.limit && r.limit != 0) return true;
        if (r.is_json) {
          found.push_back(letters::to_json(l));
        } else {
          text += line_of(l);
        }
        return true;
      },
      nullptr);
  if (!walked) return fail_with(walked.error());
  const auto totals = (*store)->totals();
  if (!totals) return fail_with(totals.error());
  if (r.is_json) {
    print_json(nlohmann::json{{"letters", found},
                              {"count", count},
                              {"by_state", by_state},
                              {"bytes", totals->bytes},
                              {"dropped", totals->dropped}});
    return exit_ok;
  }
  if (count > r.limit && r.limit != 0) text += "… and " + std::to_string(count - r.limit) + " more (--limit 0: all)\n";
  text += count_of(count);
  for (const auto& [state, n] : by_state) text += ", " + std::to_string(n) + " " + state;
  if (totals->dropped != 0) text += "; " + std::to_string(totals->dropped) + " dropped because the store was full";
  print(text + "\n");
  return exit_ok;
}

int show_letter(const letter_request& r) {
  auto store = open_letters(r.from);
  if (!store) return fail_with(store.error());
  const auto found = for_chosen(**store, r, is_waiting, [&](const std::vector<kept_letter>& all) -> result<void> {
    for (const auto& l : all) {
      if (r.is_raw) {
        print(newest_content_of(l));
      } else if (r.is_json) {
        print_json(letters::to_json(l));
      } else {
        print(letters::to_text(l));
      }
    }
    return {};
  });
  return found ? exit_ok : fail_with(found.error());
}

result<std::string> read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return user_error(errc::not_found, path + ": cannot be read");
  auto out = text.str();
  if (!out.empty() && out.back() == '\n') out.pop_back();  // what editors put at the end
  return out;
}

/// Turns the content of one letter into the mended one; the same content: this letter is not meant.
using edit = std::function<result<std::string>(const std::string&)>;

result<edit> edit_of(const letter_request& r) {
  const int ways = int{r.content.has_value()} + int{!r.file.empty()} + int{!r.match.empty()} + int{!r.members.empty()};
  if (ways != 1) {
    return user_error(errc::invalid_argument, "give one of --content, --file, --match with --with, or --set");
  }
  if (r.content || !r.file.empty()) {
    if (r.ids.size() != 1) return user_error(errc::invalid_argument, "a whole new content is for one letter: name it");
    const auto whole = r.content ? result<std::string>{*r.content} : read_file(r.file);
    if (!whole) return whole.error();
    return edit{[text = *whole](const std::string&) { return result<std::string>{text}; }};
  }
  if (!r.match.empty()) {
    if (!r.with) return user_error(errc::invalid_argument, "--match needs --with: what to put in its place");
    try {
      return edit{[re = std::regex{r.match}, with = *r.with](const std::string& was) {
        return result<std::string>{std::regex_replace(was, re, with)};
      }};
    } catch (const std::regex_error& e) {
      return user_error(errc::invalid_argument, "--match is no regular expression: " + std::string{e.what()});
    }
  }
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& m : r.members) {
    const auto equals = m.find('=');
    if (equals == 0 || equals == m.npos) {
      return user_error(errc::invalid_argument, "--set '" + m + "': give field=value");
    }
    members.emplace_back(m.substr(0, equals), m.substr(equals + 1));
  }
  return edit{[members](const std::string& was) { return with_members(was, members); }};
}

/// What `fix` did, or would do.
struct fix_report {
  std::size_t fixed = 0;
  nlohmann::json changes = nlohmann::json::array();  // the first ones
};

result<void> fix_some(letter_box& store, const letter_request& r, const edit& change,
                      const std::vector<kept_letter>& letters_found, fix_report& report) {
  std::vector<std::pair<kept_letter, std::string>> fixes;
  for (const auto& l : letters_found) {
    const auto was = newest_content_of(l);
    const auto now = change(was);
    if (!now) return user_error(now.error().code, to_string(l.id) + ": " + now.error().message);
    if (*now == was) continue;
    // Also what would be done is said to be wrong where it is.
    if (const auto fits = fix_from(l, *now); !fits) return fits.error();
    if (r.limit == 0 || report.changes.size() < r.limit) {
      report.changes.push_back({{"id", to_string(l.id)}, {"was", was}, {"is", *now}});
    }
    fixes.emplace_back(l, *now);
  }
  if (!r.is_dry) {
    if (auto done = store.fix(fixes); !done) return done;
  }
  report.fixed += fixes.size();
  return {};
}

int fix_letters(const letter_request& r) {
  const auto change = edit_of(r);
  if (!change) return fail_with(change.error());
  auto store = open_letters(r.from);
  if (!store) return fail_with(store.error());
  fix_report report;
  const auto of = for_chosen(**store, r, is_waiting, [&](const std::vector<kept_letter>& some) {
    return fix_some(**store, r, *change, some, report);
  });
  if (!of) {
    auto why = of.error();
    if (report.fixed != 0 && !r.is_dry) why.message += "; " + count_of(report.fixed) + " before it are fixed";
    return fail_with(why);
  }
  if (r.is_json) {
    print_json(
        nlohmann::json{{"fixed", report.fixed}, {"of", *of}, {"dry_run", r.is_dry}, {"changes", report.changes}});
    return exit_ok;
  }
  if (r.is_dry || report.fixed == 1) {
    for (const auto& f : report.changes) {
      print(f["id"].get<std::string>() + "\n  - " + f["was"].get<std::string>() + "\n  + " +
            f["is"].get<std::string>() + "\n");
    }
    if (report.fixed > report.changes.size()) {
      print("… and " + std::to_string(report.fixed - report.changes.size()) + " more (--limit 0: all)\n");
    }
  }
  print((r.is_dry ? "would fix " : "fixed ") + std::to_string(report.fixed) + " of " + count_of(*of) + "\n");
  return exit_ok;
}

std::vector<letter_id> ids_of(const std::vector<kept_letter>& all) {
  std::vector<letter_id> out;
  for (const auto& l : all) out.push_back(l.id);
  return out;
}

int replay_letters(const letter_request& r) {
  auto store = open_letters(r.from);
  if (!store) return fail_with(store.error());
  // Without a word of what is meant: those that somebody has mended.
  const bool is_chosen = r.is_all || !r.state.empty();
  const auto fits = [&](const kept_letter& l) {
    return is_chosen ? is_waiting(l) || (r.state == "replayed" && l.state == letter_state::replayed)
                     : l.state == letter_state::fixed;
  };
  const auto found = for_chosen(**store, r, fits,
                                [&](const std::vector<kept_letter>& some) { return (*store)->request(ids_of(some)); });
  if (!found) return fail_with(found.error());
  if (r.is_json) {
    print_json(nlohmann::json{{"requested", *found}});
  } else if (*found == 0) {
    print("nothing to replay: no letter is fixed (--all takes the others, too)\n");
  } else {
    print(count_of(*found) +
          " will go through the topology once more: with the next snapshot when it runs, "
          "else when it is started\n");
  }
  return exit_ok;
}

int discard_letters(const letter_request& r) {
  auto store = open_letters(r.from);
  if (!store) return fail_with(store.error());
  if (r.ids.empty() && !r.is_all && r.state.empty() && r.reason.empty() && r.actor.empty()) {
    return fail_with(user_error(errc::invalid_argument,
                                "say which: names, --state, --actor, --reason, or --all. Discarded letters are gone"));
  }
  const auto fits = [](const kept_letter& l) { return is_waiting(l) || l.state == letter_state::replayed; };
  const auto found = for_chosen(**store, r, fits,
                                [&](const std::vector<kept_letter>& some) { return (*store)->discard(ids_of(some)); });
  if (!found) return fail_with(found.error());
  print(r.is_json ? nlohmann::json{{"discarded", *found}}.dump() + "\n" : "discarded " + count_of(*found) + "\n");
  return exit_ok;
}

void declare(CLI::App& app, const std::shared_ptr<letter_request>& r, action& chosen,
             int (*work)(const letter_request&)) {
  app.add_option(
         "PLACE", r->from.place,
         "Data directory of a topology, which may be running, or the name of one that runs or that a node hosts")
      ->required()
      ->type_name("");
  add_running_options(app, r->from.run);
  app.add_flag("--json", r->is_json, "Print JSON");
  app.callback([=, &chosen] { chosen = [=] { return work(*r); }; });
}

void declare_filter(CLI::App& app, const std::shared_ptr<letter_request>& r) {
  app.add_option("--actor", r->actor, "Only of this actor")->type_name("NAME");
  app.add_option("--state", r->state, "Only in this state")
      ->check(CLI::IsMember({"pending", "open", "fixed", "requested", "queued", "replayed"}));
  app.add_option("--reason", r->reason, "Only those whose reason matches")->type_name("REGEX");
}

void declare_ids(CLI::App& app, const std::shared_ptr<letter_request>& r) {
  app.add_option("ID", r->ids, "Names of letters, as 'list' prints them")->type_name("");
}

void declare_fix(CLI::App& app, const std::shared_ptr<letter_request>& r) {
  app.add_option("--content", r->content, "The new content of one letter")->type_name("TEXT");
  app.add_option("--file", r->file, "The new content of one letter, from a file")->type_name("FILE");
  app.add_option("--match", r->match, "What to replace in the content, everywhere")->type_name("REGEX");
  app.add_option("--with", r->with, "What to put in its place; $1 is the first group")->type_name("TEXT");
  app.add_option("--set", r->members, "A member of a JSON content; repeat it for more")->type_name("FIELD=VALUE");
  app.add_flag("--dry-run", r->is_dry, "Show what would change");
}

}  // namespace

void declare_deadletter(CLI::App& app, action& chosen) {
  const auto r = std::make_shared<letter_request>();
  app.require_subcommand(1);
  auto* listing = app.add_subcommand("list", "What has been set aside, with the reason");
  declare(*listing, r, chosen, list_letters);
  declare_filter(*listing, r);
  listing->add_option("--limit", r->limit, "Most letters to print; 0: all")->capture_default_str();
  auto* showing = app.add_subcommand("show", "All that is known of a letter");
  declare(*showing, r, chosen, show_letter);
  declare_ids(*showing, r);
  showing->get_option("ID")->required();
  showing->add_flag("--raw", r->is_raw, "Only the content, byte by byte");
  auto* fixing = app.add_subcommand("fix", "Mend the content of one letter or of many");
  declare(*fixing, r, chosen, fix_letters);
  declare_ids(*fixing, r);
  declare_filter(*fixing, r);
  declare_fix(*fixing, r);
  fixing->add_option("--limit", r->limit, "Most changes to print; 0: all")->capture_default_str();
  auto* replaying = app.add_subcommand("replay", "Send letters through the topology once more (default: fixed ones)");
  declare(*replaying, r, chosen, replay_letters);
  declare_ids(*replaying, r);
  declare_filter(*replaying, r);
  replaying->add_flag("--all", r->is_all, "Also those that nobody has fixed");
  auto* discarding = app.add_subcommand("discard", "Forget letters");
  declare(*discarding, r, chosen, discard_letters);
  declare_ids(*discarding, r);
  declare_filter(*discarding, r);
  discarding->add_flag("--all", r->is_all, "All but those on their way");
}

}  // namespace millrace::command
