#include "candidate.hpp"

#include <algorithm>

namespace redis_tests {

namespace {

std::string stream_of(const std::filesystem::path& folder) {
  return "events_" + folder.filename().string();
}

std::string text_of(const redisReply* r) {
  return {r->str, r->len};
}

}  // namespace

void candidate::begin(const std::filesystem::path&) {
  if (!server_) server_ = std::make_unique<server>();
}

void candidate::end(const std::filesystem::path&) {
  (void)server_->run({"FLUSHALL"});
}

void candidate::add_to(millrace::topology& t, const std::filesystem::path& folder) const {
  t.add("target", "redis.sink",
        {{"server", server_->socket()}, {"stream", stream_of(folder)}, {"time_format", std::string{"ns"}}}, 2);
}

std::vector<sinks::row> candidate::read(const std::filesystem::path& folder) const {
  std::vector<sinks::row> out;
  const auto found = server_->run({"XRANGE", stream_of(folder), "-", "+"});
  for (std::size_t i = 0; i < found->elements; ++i) {
    const auto* const pairs = found->element[i]->element[1];
    sinks::row r;
    for (std::size_t j = 0; j + 1 < pairs->elements; j += 2) {
      const auto name = text_of(pairs->element[j]);
      const auto text = text_of(pairs->element[j + 1]);
      if (name == "id") r.id = text;
      if (name == "account") r.account = text;
      if (name == "number") r.number = std::stoll(text);
      if (name == "amount") r.amount = std::stod(text);
      if (name == "note") r.note = text;
      if (name == "at") r.at_ns = std::stoll(text);
    }
    out.push_back(std::move(r));
  }
  return out;
}

std::uint64_t candidate::newest_visible_epoch(const std::filesystem::path& folder) const {
  const auto found = server_->run({"HGETALL", "millrace:{" + stream_of(folder) + "}:ledger"});
  std::uint64_t newest = 0;
  for (std::size_t i = 0; i + 1 < found->elements; i += 2) {
    if (text_of(found->element[i]).ends_with(":epoch"))
      newest = std::max<std::uint64_t>(newest, std::stoull(text_of(found->element[i + 1])));
  }
  return newest;
}

std::vector<support::kill_point> candidate::points() const {
  return {{"sink.staging", 3, 12}, {"sink.moved", 3, 12}, {"sink.rolled_forward", 1, 2}};
}

void candidate::disturb() {
  // Twice in a life of a second, once while it starts up again and once when it is at work.
  constexpr int first = 60;
  constexpr int second = 300;
  ++steps_;
  if (has_dying_server_ && (steps_ == first || steps_ == second)) server_->kill();
}

}  // namespace redis_tests
