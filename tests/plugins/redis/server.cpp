#include "server.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace redis_tests {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;

}  // namespace

server::server()
    : process_{"redis",
               {"redis-server", "--port", "0", "--unixsocket", "{}/socket", "--dir", "{}", "--appendonly", "yes",
                "--appendfsync", "always", "--save", ""}} {
  (void)run({"PING"});
}

reply server::run(const std::vector<std::string>& words) const {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const auto& w : words) {
    texts.push_back(w.data());
    lengths.push_back(w.size());
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  std::string why;
  while (std::chrono::steady_clock::now() < end) {
    const std::unique_ptr<redisContext, void (*)(redisContext*)> c{redisConnectUnix(socket().c_str()), redisFree};
    if (c && c->err == 0) {
      reply r{static_cast<redisReply*>(
                  redisCommandArgv(c.get(), static_cast<int>(words.size()), texts.data(), lengths.data())),
              freeReplyObject};
      if (r && r->type != REDIS_REPLY_ERROR) return r;
      why = r ? r->str : c->errstr;
      if (r && why.rfind("LOADING", 0) != 0) throw std::runtime_error(words[0] + ": " + why);
    }
    std::this_thread::sleep_for(10ms);
  }
  throw std::runtime_error("the server does not start: " + why + ", see " + (process_.folder() / "log").string());
}

}  // namespace redis_tests
