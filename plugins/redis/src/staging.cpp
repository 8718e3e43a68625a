#include "staging.hpp"

#include <charconv>

namespace millrace::redis {

namespace {

// A script keeps the server from everybody else: so many events take it well under a millisecond each.
constexpr std::uint64_t moved_at_once = 500;

constexpr const char* add_script = R"(
local have = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') + redis.call('LLEN', KEYS[1])
if have == tonumber(ARGV[2]) then
  redis.call('RPUSH', KEYS[1], unpack(ARGV, 3))
  have = have + #ARGV - 2
end
return have)";

// What fails fails before anything was changed: what is staged is read as a whole first, and then it is the first XADD
// that finds a key of another type, or no memory.
constexpr const char* move_script = R"(
local moved = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
local count = math.min(tonumber(ARGV[2]) - moved, tonumber(ARGV[3]))
if count > 0 then
  local entries = redis.call('LRANGE', KEYS[1], 0, count - 1)
  if #entries < count then return -1 end
  for i, entry in ipairs(entries) do entries[i] = cmsgpack.unpack(entry) end
  for _, words in ipairs(entries) do
    if ARGV[5] == '0' then
      redis.call('XADD', KEYS[2], '*', unpack(words))
    else
      redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', unpack(words))
    end
  end
  redis.call('LTRIM', KEYS[1], count, -1)
  moved = redis.call('HINCRBY', KEYS[3], ARGV[1], count)
end
if moved == tonumber(ARGV[2]) then redis.call('HSET', KEYS[3], ARGV[1] .. ':epoch', ARGV[4]) end
return moved)";

/// A number of the ledger; 0 when it is not there.
bool read_number(const redisReply& r, std::uint64_t& out) {
  out = 0;
  if (r.type != REDIS_REPLY_STRING) return r.type == REDIS_REPLY_NIL;
  const auto read = std::from_chars(r.str, r.str + r.len, out);
  return read.ec == std::errc{} && read.ptr == r.str + r.len;
}

}  // namespace

staging::staging(std::string stream, const std::string& actor, std::uint32_t partition, std::int64_t max_length)
    : stream_{std::move(stream)},
      // In braces: the keys of a script have to lie in one slot where there are several.
      list_{"millrace:{" + stream_ + "}:staged:" + actor + ":" + std::to_string(partition)},
      ledger_{"millrace:{" + stream_ + "}:ledger"},
      part_{actor + ":" + std::to_string(partition)},
      max_length_{max_length} {}

result<void> staging::open(connection& server, bool from_the_beginning) {
  const auto known = server.run({"HMGET", ledger_, part_, part_ + ":epoch"});
  if (!known) return known.error();
  const auto& r = **known;
  if (r.type != REDIS_REPLY_ARRAY || r.elements != 2 || !read_number(*r.element[0], moved_) ||
      !read_number(*r.element[1], newest_.value)) {
    return fatal_error(errc::corrupt, "'" + ledger_ + "' has no number at '" + part_ +
                                          "': something else wrote there; give the sink another stream");
  }
  if (!from_the_beginning || moved_ == 0) return {};
  return user_error(errc::already_exists,
                    "the stream '" + stream_ + "' holds output of an earlier run of '" + part_ +
                        "', and this run starts from the beginning: give it another stream, or the earlier run's data "
                        "directory to go on where that ended; to start anew delete the stream and '" +
                        ledger_ + "'");
}

result<void> staging::add(connection& server, std::uint64_t first, const std::vector<std::string>& entries) const {
  std::vector<std::string> words{"EVAL", add_script, "2", list_, ledger_, part_, std::to_string(first - 1)};
  words.insert(words.end(), entries.begin(), entries.end());
  const auto done = server.run(words);
  if (!done) return done.error();
  if (static_cast<std::uint64_t>((*done)->integer) == first - 1 + entries.size()) return {};
  return fatal_error(errc::corrupt, "'" + list_ + "' has " + std::to_string((*done)->integer) +
                                        " events where it should have " + std::to_string(first - 1 + entries.size()) +
                                        ": another run writes to it, or the server lost what it had acknowledged");
}

result<void> staging::move(connection& server, std::uint64_t last, epoch_id epoch) {
  do {
    const auto done =
        server.run({"EVAL", move_script, "3", list_, stream_, ledger_, part_, std::to_string(last),
                    std::to_string(moved_at_once), std::to_string(epoch.value), std::to_string(max_length_)});
    if (!done) return done.error();
    if ((*done)->integer < 0) {
      return fatal_error(errc::corrupt, "'" + list_ + "' no longer has the events of epoch " +
                                            std::to_string(epoch.value) +
                                            ": somebody deleted them, or the server lost what it had acknowledged "
                                            "(appendonly yes, appendfsync always keep it)");
    }
    moved_ = static_cast<std::uint64_t>((*done)->integer);
  } while (moved_ < last);
  return {};
}

result<void> staging::discard(connection& server) const {
  const auto done = server.run({"DEL", list_});
  return done ? result<void>{} : result<void>{done.error()};
}

}  // namespace millrace::redis
