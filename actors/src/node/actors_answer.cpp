#include "node/actors_answer.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "catalogue/actor_description.hpp"
#include "node/arguments.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

// An answer is one message of at most 1 MiB.
constexpr std::size_t answer_bytes_max = std::size_t{512} << 10;
constexpr std::uint64_t limit_max = 1000;
constexpr std::size_t id_chars_max = 100;

result<json> one(const std::string& id) {
  const auto& registry = actor_registry::instance();
  if (const auto* type = registry.find(id)) {
    return json{{"types", json::array({catalogue::describe(*type)})}, {"total", 1}, {"more", false}};
  }
  // Finding the nearest of a text of any length would take any time.
  const auto near = id.size() > id_chars_max ? std::string{} : registry.nearest(id);
  return user_error(errc::not_found, "there is no actor type '" + id.substr(0, id_chars_max) + "'" +
                                         (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace

result<json> answer_actors(const json& args) {
  const auto id = text_argument(args, "type");
  if (!id) return id.error();
  if (!id->empty()) return one(*id);
  const auto after = text_argument(args, "after");
  if (!after) return after.error();
  const auto limit = args.value("limit", json(limit_max));
  if (!limit.is_number_unsigned() || limit.get<std::uint64_t>() == 0 || limit.get<std::uint64_t>() > limit_max) {
    return user_error(errc::invalid_argument, "argument 'limit' is from 1 to " + std::to_string(limit_max));
  }
  const auto all = args.value("all", json(false));
  if (!all.is_boolean()) return user_error(errc::invalid_argument, "argument 'all' is yes or no");
  auto types = json::array();
  std::size_t bytes = 0;
  std::uint64_t total = 0;
  bool more = false;
  for (const auto& [known, type] : actor_registry::instance().entries()) {
    if (!all.get<bool>() && catalogue::is_of_benchmarks(type)) continue;
    ++total;
    if (known <= *after || more) continue;
    auto described = catalogue::describe(type);
    bytes += described.dump(-1, ' ', false, json::error_handler_t::replace).size();
    more = types.size() == limit.get<std::uint64_t>() || (!types.empty() && bytes > answer_bytes_max);
    if (!more) types.push_back(std::move(described));
  }
  return json{{"types", std::move(types)}, {"total", total}, {"more", more}};
}

}  // namespace millrace::node
