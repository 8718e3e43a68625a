#include "node/looking/guest_looks.hpp"

#include <exception>
#include <utility>

#include "inspect/lua_condition.hpp"

namespace millrace::node {

using nlohmann::json;

std::string guest_looks::answer(const std::string& question) {
  auto out = [&]() -> result<json> {
    try {
      return work(json::parse(question));
    } catch (const std::exception& e) {
      return user_error(errc::invalid_argument, e.what());
    }
  }();
  if (!out) out = json{{"error", out.error().message}};
  return out->dump(-1, ' ', false, json::error_handler_t::replace);
}

result<json> guest_looks::work(const json& question) {
  std::erase_if(tails_, [](const auto& t) { return t.second->is_over(); });
  if (question.contains("open")) return open(question.at("open"));
  const bool is_read = question.contains("read");
  const auto found = tails_.find(question.at(is_read ? "read" : "close").get<std::uint64_t>());
  if (found == tails_.end()) return user_error(errc::not_found, "there is no such tail any more");
  if (is_read) return found->second->read();
  tails_.erase(found);
  return json{{"closed", true}};
}

result<json> guest_looks::open(const json& wanted) {
  tail::choice c{{}, wanted.at("filter").get<std::string>(), wanted.at("rate").get<double>()};
  for (const auto& id : wanted.at("channels")) {
    const channel_id channel{id.get<std::uint32_t>()};
    if (channel.value >= plan_.channels.size() || !is_here_(plan_.channels[channel.value].target)) {
      return user_error(errc::invalid_argument, "a channel does not lead to this node");
    }
    c.channels.push_back(channel);
  }
  if (c.channels.empty() || !(c.rate > 0) || c.rate > tail::rate_max) {
    return user_error(errc::invalid_argument, "no channels, or a rate out of its range");
  }
  auto made = tail::open(board_, plan_, inspect::make_lua_condition, c);
  if (!made) return std::move(made).error();
  const auto id = next_id_++;
  tails_.emplace(id, *std::move(made));
  return json{{"tail", id}};
}

}  // namespace millrace::node
