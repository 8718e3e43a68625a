#include "node/letters/letter_answer.hpp"

#include <re2/re2.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "letters/letter_content.hpp"
#include "letters/letter_wire.hpp"
#include "millrace/persistence/dead_letter_store.hpp"
#include "node/arguments.hpp"

namespace millrace::node {

namespace {

using engine::dead_letter_store;
using engine::kept_letter;
using engine::letter_id;
using nlohmann::json;

// An answer is one message of at most 1 MiB, and others who ask wait meanwhile.
constexpr std::size_t page_letters_max = 500;
constexpr std::size_t page_bytes_max = std::size_t{512} << 10;
constexpr std::chrono::milliseconds page_time_max{100};
constexpr std::size_t ids_max = 1000;
// As long as others who ask may be kept waiting for a snapshot that is being written.
constexpr std::chrono::milliseconds wait_max{300};

struct wanted_letters {
  std::string actor, state;
  std::unique_ptr<RE2> reason;

  static result<wanted_letters> of(const json& args) {
    wanted_letters out;
    auto actor = text_argument(args, "actor");
    if (!actor) return std::move(actor).error();
    auto state = text_argument(args, "state");
    if (!state) return std::move(state).error();
    const auto reason = text_argument(args, "reason");
    if (!reason) return reason.error();
    out.actor = *std::move(actor);
    out.state = *std::move(state);
    if (reason->empty()) return out;
    out.reason = std::make_unique<RE2>(*reason, RE2::Quiet);
    if (out.reason->ok()) return out;
    return user_error(errc::invalid_argument, "'reason' is no regular expression: " + out.reason->error());
  }
  [[nodiscard]] bool takes(const kept_letter& l) const {
    return (actor.empty() || l.what.actor == actor) && (state.empty() || state == to_string(l.state)) &&
           (reason == nullptr || RE2::PartialMatch(l.what.reason, *reason));
  }
};

result<json> list(dead_letter_store& store, const json& args) {
  const auto wanted = wanted_letters::of(args);
  if (!wanted) return wanted.error();
  const auto after = text_argument(args, "after");
  if (!after) return after.error();
  letter_id from;
  if (!after->empty()) {
    auto id = engine::parse_letter_id(*after);
    if (!id) return std::move(id).error();
    from = *std::move(id);
  }
  auto found = json::array();
  std::size_t bytes = 0;
  json next;
  const auto until = std::chrono::steady_clock::now() + page_time_max;
  letter_id last;
  const auto walked = store.for_each(
      [&](const kept_letter& l) {
        last = l.id;
        if (wanted->takes(l)) {
          auto wire = letters::to_wire(l);
          bytes += wire.dump().size();
          found.push_back(std::move(wire));
        }
        const bool goes_on =
            found.size() < page_letters_max && bytes < page_bytes_max && std::chrono::steady_clock::now() < until;
        if (!goes_on) next = to_string(last);
        return goes_on;
      },
      after->empty() ? nullptr : &from);
  if (!walked) return walked.error();
  const auto totals = store.totals();
  if (!totals) return totals.error();
  return json{
      {"letters", std::move(found)}, {"next", std::move(next)}, {"bytes", totals->bytes}, {"dropped", totals->dropped}};
}

result<std::vector<letter_id>> ids_in(const json& args) {
  const auto given = args.find("ids");
  if (given == args.end() || !given->is_array() || given->empty() || given->size() > ids_max) {
    return user_error(errc::invalid_argument, "'ids' is a list of 1 to " + std::to_string(ids_max) + " letters' names");
  }
  std::vector<letter_id> out;
  for (const auto& one : *given) {
    if (!one.is_string()) return user_error(errc::invalid_argument, "the name of a letter is a text");
    auto id = engine::parse_letter_id(one.get<std::string>());
    if (!id) return std::move(id).error();
    out.push_back(*std::move(id));
  }
  return out;
}

result<json> show(dead_letter_store& store, const json& args) {
  const auto ids = ids_in(args);
  if (!ids) return ids.error();
  auto found = json::array();
  std::size_t bytes = 0;
  for (const auto& id : *ids) {
    const auto l = store.find(id);
    if (!l) return l.error();
    auto wire = letters::to_wire(*l);
    bytes += wire.dump().size();
    // At least one: the asker goes on behind those it got.
    if (!found.empty() && bytes > page_bytes_max) break;
    found.push_back(std::move(wire));
  }
  return json{{"letters", std::move(found)}};
}

result<json> fix(dead_letter_store& store, const json& args) {
  const auto given = args.find("fixes");
  if (given == args.end() || !given->is_array() || given->empty() || given->size() > ids_max) {
    return user_error(errc::invalid_argument, "'fixes' is a list of 1 to " + std::to_string(ids_max) +
                                                  " objects with the 'id' and the new 'content' of a letter");
  }
  std::vector<std::pair<letter_id, engine::letter_fix>> fixes;
  for (const auto& one : *given) {
    const auto name = one.is_object() ? text_argument(one, "id") : result<std::string>{std::string{}};
    if (!name) return name.error();
    const auto id = engine::parse_letter_id(*name);
    if (!id) return id.error();
    const auto content = letters::take_bytes(one, "content");
    if (!content) return content.error();
    const auto l = store.find(*id);
    if (!l) return l.error();
    auto made = letters::fix_from(*l, *content);
    if (!made) return std::move(made).error();
    fixes.emplace_back(*id, *std::move(made));
  }
  if (auto done = store.fix(fixes); !done) return std::move(done).error();
  return json{{"fixed", fixes.size()}};
}

}  // namespace

bool is_about_letters(const std::string& verb) noexcept {
  return verb.starts_with("deadletter_");
}

result<json> answer_letters(dead_letter_store& store, const std::string& verb, const json& args) {
  if (verb == "deadletter_list") return list(store, args);
  if (verb == "deadletter_show") return show(store, args);
  if (verb == "deadletter_fix") return fix(store, args);
  const bool is_replay = verb == "deadletter_replay";
  if (!is_replay && verb != "deadletter_discard") {
    return user_error(errc::not_found, "there is no verb '" + verb + "'");
  }
  const auto ids = ids_in(args);
  if (!ids) return ids.error();
  if (auto done = is_replay ? store.request(*ids) : store.discard(*ids); !done) return std::move(done).error();
  return json{{is_replay ? "requested" : "discarded", ids->size()}};
}

result<json> answer_letters_of(runtime::topology_run& run, const std::string& verb, const json& args) {
  result<json> answer = json{};
  const auto used = run.letters(wait_max, [&](dead_letter_store& store) -> result<void> {
    answer = answer_letters(store, verb, args);
    return {};
  });
  if (!used) return used.error();
  if (answer && verb == "deadletter_replay") run.snapshot_now();
  return answer;
}

result<json> answer_letters_in(const std::string& data_dir, const std::string& verb, const json& args) {
  if (!std::filesystem::is_directory(std::filesystem::path{data_dir} / "deadletters")) {
    return user_error(errc::not_found, "the topology has not run yet, and has no dead letters");
  }
  auto store = persistence::open_dead_letter_store(data_dir);
  if (!store) return std::move(store).error();
  return answer_letters(**store, verb, args);
}

}  // namespace millrace::node
