#include "node/looking/look_desk.hpp"

#include "inspect/lua_condition.hpp"
#include "node/looking/break_answer.hpp"

namespace millrace::node {

using nlohmann::json;

bool is_look(const std::string& verb) noexcept {
  return verb.starts_with("tail_") || verb.starts_with("break_");
}

result<json> look_desk::answer(const std::string& owner, const std::string& verb, const json& args) {
  if (verb.starts_with("break_")) return answer_break(run_.watches(), run_.plan(), verb, args);
  const std::lock_guard lock{mutex_};
  std::erase_if(tails_, [](const auto& t) { return t.second.what->is_over(); });
  return verb == "tail_open" ? open_tail(owner, args) : answer_tail(owner, verb, args);
}

result<json> look_desk::open_tail(const std::string& owner, const json& args) {
  auto made = tail::open(run_.watches(), run_.plan(), inspect::make_lua_condition, args);
  if (!made) return std::move(made).error();
  const auto id = next_id_++;
  auto out = (*made)->describe();
  out["tail"] = id;
  tails_.emplace(id, opened{owner, *std::move(made)});
  return out;
}

result<json> look_desk::answer_tail(const std::string& owner, const std::string& verb, const json& args) {
  const auto given = args.find("tail");
  if (given == args.end() || !given->is_number_unsigned()) {
    return user_error(errc::invalid_argument, "'tail' is the number that tail_open gave");
  }
  const auto found = tails_.find(given->get<std::uint64_t>());
  if (found == tails_.end() || found->second.owner != owner) {
    return user_error(errc::not_found,
                      "there is no such tail any more: nobody asked for it for longer than its lease, "
                      "or the run began anew");
  }
  if (verb == "tail_read") return found->second.what->read();
  tails_.erase(found);
  return json{{"closed", true}};
}

}  // namespace millrace::node
