#include "stream_source.hpp"

#include <algorithm>
#include <stdexcept>

#include "millrace/dead_letter.hpp"
#include "millrace/wiring.hpp"

namespace millrace::redis {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds look_every = 20ms;
constexpr std::chrono::nanoseconds retry_every = 200ms;
constexpr std::size_t entries_at_once = 256;
// Of an entry's 8 MiB in the event log: one of the stream's more may come on top.
constexpr std::size_t bytes_at_once = std::size_t{2} << 20;
// So that no single entry is more than the event log takes.
constexpr std::size_t entry_bytes_max = std::size_t{4} << 20;
constexpr std::size_t shown_bytes_max = 1000;
constexpr std::size_t unacknowledged_max = 100'000;

bool is_array(const redisReply& r, std::size_t elements) {
  return r.type == REDIS_REPLY_ARRAY && r.elements == elements;
}

/// The entries in what XREADGROUP answers for one stream; nullptr: there are none. Throws when it is something else.
const redisReply* entries_of(const redisReply& answer) {
  if (answer.type == REDIS_REPLY_NIL) return nullptr;
  if (!is_array(answer, 1) || !is_array(*answer.element[0], 2) ||
      answer.element[0]->element[1]->type != REDIS_REPLY_ARRAY)
    throw std::runtime_error("the server does not answer XREADGROUP as Redis does");
  const auto* const entries = answer.element[0]->element[1];
  return entries->elements == 0 ? nullptr : entries;
}

}  // namespace

result<void> stream_source::configure(wiring&) {
  const auto at = parse_address(*server_at_, "server");
  if (!at) return at.error();
  for (const auto* p : {&stream_, &group_}) {
    if ((*p)->empty()) return user_error(errc::invalid_argument, "parameter '" + p->name() + "' is empty");
  }
  auto parsed = parse_schema("entry", *fields_);
  if (!parsed) return std::move(parsed).error();
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from an entry");
  }
  server_ = connection{*at, *password_file_};
  const auto made = std::make_shared<const schema>(std::move(parsed).value());
  reader_.emplace(made);
  out_.set_type(dynamic_record_type(made));
  return {};
}

void stream_source::open(context& c) {
  consumer_ = c.actor_name() + "-" + std::to_string(c.partition());
  quiet_.heard(c.now());
}

result<void> stream_source::join_group(context& c) {
  if (is_member_) return {};
  // A group that was there and is gone goes on where this partition was: those before are told apart.
  const auto is_known = last_ != entry_id{};
  const auto begin = is_known ? to_text(last_) : std::string{*from_ == "start" ? "0" : "$"};
  const auto made = server_.run({"XGROUP", "CREATE", *stream_, *group_, begin, "MKSTREAM"});
  if (!made && made.error().message.find("BUSYGROUP") == std::string::npos) return made.error();
  if (made && is_known)
    c.log(log_level::warning, "the group '" + *group_ + "' was gone; it is made anew behind " + begin);
  is_member_ = true;
  return {};
}

poll_result stream_source::poll(context& c, std::size_t max) {
  auto taken = read(c, std::clamp<std::size_t>(max, 1, entries_at_once));
  if (!taken) return wait_for_server(c, taken.error());
  outage_.back();
  const auto now = c.now();
  if (*taken != 0) {
    quiet_.heard(now);
    return poll_result::more();
  }
  if (!has_caught_up_) return poll_result::more();
  return quiet_.rest(now, look_every);
}

poll_result stream_source::wait_for_server(context& c, const error& why) {
  outage_.away(c, why);
  // What was offered while the connection broke is offered again.
  has_caught_up_ = false;
  offered_.clear();
  is_member_ = false;
  return poll_result::wait(retry_every);
}

result<std::size_t> stream_source::read(context& c, std::size_t max) {
  if (auto ok = join_group(c); !ok) return ok.error();
  // Of polls that emitted nothing: what is logged is acknowledged.
  if (unacknowledged_.size() >= unacknowledged_max) {
    throw std::runtime_error("more than " + std::to_string(unacknowledged_max) +
                             " entries in a row could not be read, and none in between: check 'fields'");
  }
  const auto got = server_.run({"XREADGROUP", "GROUP", *group_, consumer_, "COUNT", std::to_string(max), "STREAMS",
                                *stream_, has_caught_up_ ? ">" : (offered_.empty() ? "0" : offered_)});
  if (!got) return got.error();
  const auto* const entries = entries_of(**got);
  if (entries != nullptr) return take(c, *entries);
  if (has_caught_up_) return std::size_t{0};
  has_caught_up_ = true;
  return read(c, max);
}

result<std::size_t> stream_source::take(context& c, const redisReply& entries) {
  std::vector<std::string> known;
  std::size_t taken = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < entries.elements; ++i) {
    if (bytes > bytes_at_once) {
      has_caught_up_ = false;  // the rest is this consumer's already, and is offered once more
      break;
    }
    const auto& entry = *entries.element[i];
    // Without fields: deleted from the stream meanwhile.
    const bool is_entry = is_array(entry, 2) && entry.element[0]->type == REDIS_REPLY_STRING &&
                          (entry.element[1]->type == REDIS_REPLY_NIL || entry_reader::is_pairs(*entry.element[1]));
    const auto text = is_entry ? std::string{entry.element[0]->str, entry.element[0]->len} : std::string{};
    const auto id = parse_entry_id(text);
    if (!id) throw std::runtime_error("an entry '" + text + "' of '" + *stream_ + "' is none as streams have them");
    offered_ = text;
    // Logged before, or deleted.
    if (*id <= last_ || entry.element[1]->type == REDIS_REPLY_NIL) {
      if (std::ranges::find(unacknowledged_, text) == unacknowledged_.end()) known.push_back(text);
      continue;
    }
    bytes += entry_reader::bytes_of(*entry.element[1]);
    take_one(c, *id, *entry.element[1]);
    unacknowledged_.push_back(text);
    ++taken;
  }
  // When this is lost they are offered again, and known again.
  if (auto ok = acknowledge(known); !ok && taken == 0) return ok.error();
  return taken;
}

void stream_source::take_one(context& c, const entry_id& id, const redisReply& entry) {
  last_ = id;
  if (!out_.is_connected()) return;
  const auto bytes = entry_reader::bytes_of(entry);
  const auto problem = bytes <= entry_bytes_max ? reader_->read(id, entry, out_.row())
                                                : "the entry has " + std::to_string(bytes) + " bytes, more than " +
                                                      std::to_string(entry_bytes_max);
  if (problem.empty()) return out_.emit();
  auto content = entry_reader::text_of(entry);
  if (bytes > entry_bytes_max) content.resize(shown_bytes_max);
  c.set_aside({.origin = *stream_ + " " + to_text(id), .value = problem, .content = content});
}

result<void> stream_source::acknowledge(const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  std::vector<std::string> words{"XACK", *stream_, *group_};
  words.insert(words.end(), ids.begin(), ids.end());
  const auto done = server_.run(words);
  return done ? result<void>{} : result<void>{done.error()};
}

/// When the server is away it offers them again, and the position knows them.
void stream_source::on_logged(context&) {
  if (acknowledge(unacknowledged_)) unacknowledged_.clear();
}

void stream_source::save_position(msgpack::writer& out) const {
  out.array(2);
  out.integer(last_.ms);
  out.integer(last_.sequence);
}

bool stream_source::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  return in.array(n) && n == 2 && in.integer(last_.ms) && in.integer(last_.sequence);
}

}  // namespace millrace::redis
