#include "node/logs/log_book.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "millrace/text/utf8.hpp"
#include "node/arguments.hpp"
#include "node/status_json.hpp"
#include "runtime/task_words.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t limit_max = 1000;
constexpr std::array levels{log_level::debug, log_level::info, log_level::warning, log_level::error};

std::optional<log_level> level_of(const std::string& text) {
  for (const auto l : levels) {
    if (text == to_string(l)) return l;
  }
  return std::nullopt;
}

result<std::uint64_t> number_argument(const json& args, const char* name, std::uint64_t left_out) {
  const auto found = args.find(name);
  if (found == args.end()) return left_out;
  if (!found->is_number_unsigned()) {
    return user_error(errc::invalid_argument, std::string{"argument '"} + name + "' is no whole number");
  }
  return found->get<std::uint64_t>();
}

}  // namespace

const char* to_string(log_level level) noexcept {
  switch (level) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warning:
      return "warning";
    case log_level::error:
      return "error";
  }
  return "?";
}

json to_json(const log_record& r, const std::string& topology) {
  return {{"number", r.number},
          {"at", instant_json(r.at)},
          {"level", to_string(r.level)},
          {"topology", topology},
          {"actor", r.actor.empty() ? json{} : json(r.actor)},
          {"partition", r.partition < 0 ? json{} : json(r.partition)},
          {"node", r.node.empty() ? json{} : json(r.node)},
          {"trace", r.trace.empty() ? json{} : json(r.trace)},
          {"text", r.text}};
}

void log_book::add(log_level level, const std::string& text, processing_time now) {
  auto words = runtime::take_apart(text);
  log_record r{.at = now, .level = level, .text = std::move(words.text)};
  r.actor = std::move(words.actor);
  r.partition = words.partition;
  r.node = std::move(words.node);
  r.trace = std::move(words.trace);
  r.text.resize(utf8_prefix(r.text, text_bytes_max).size());
  const std::lock_guard lock{mutex_};
  r.number = ++last_;
  const bool is_written = write(r);
  keep(std::move(r));
  if (is_written) return;
  is_file_given_up_ = true;
  out_.close();
  keep({.number = ++last_,
        .at = now,
        .level = log_level::error,
        .text = "the log file " + file_.string() + " cannot be written: from here on the log is in memory only"});
}

void log_book::keep(log_record r) {
  if (records_.size() == records_max) records_.pop_front();
  records_.push_back(std::move(r));
}

/// What is lost with the process is on its way to the system already.
bool log_book::write(const log_record& r) {
  if (is_file_given_up_) return true;
  std::error_code code;
  if (!out_.is_open()) {
    fs::create_directories(file_.parent_path(), code);
    out_.open(file_, std::ios::app | std::ios::binary);
    written_ = fs::file_size(file_, code);
    if (code) written_ = 0;
  }
  const auto line = to_json(r, topology_).dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  out_ << line << std::flush;
  written_ += line.size();
  if (!out_) return false;
  if (written_ < file_bytes_max) return true;
  out_.close();
  fs::rename(file_, file_.string() + ".1", code);
  return !code;
}

json log_book::read(const query& q) const {
  auto records = json::array();
  const std::lock_guard lock{mutex_};
  // Numbers begin anew with the node: whoever has one from before gets the newest.
  const auto after = q.after > last_ ? 0 : q.after;
  std::vector<const log_record*> found;
  auto last = last_;
  for (const auto& r : records_) {
    if (r.number <= after || r.level < q.least || (!q.actor.empty() && r.actor != q.actor)) continue;
    if (after != 0 && found.size() == q.limit) {
      last = found.back()->number;
      break;
    }
    found.push_back(&r);
  }
  const auto skipped = found.size() > q.limit ? found.size() - q.limit : 0;
  for (auto i = skipped; i < found.size(); ++i) records.push_back(to_json(*found[i], topology_));
  return {{"topology", topology_}, {"records", std::move(records)}, {"last", last}};
}

result<json> answer_logs(const log_book& book, const json& args) {
  const auto after = number_argument(args, "after", 0);
  if (!after) return after.error();
  const auto limit = number_argument(args, "limit", 200);
  if (!limit) return limit.error();
  if (*limit == 0 || *limit > limit_max) {
    return user_error(errc::invalid_argument, "argument 'limit' is from 1 to " + std::to_string(limit_max));
  }
  const auto text = text_argument(args, "level");
  if (!text) return text.error();
  const auto level = text->empty() ? std::optional{log_level::debug} : level_of(*text);
  if (!level) return user_error(errc::invalid_argument, "'" + *text + "' is no level: debug, info, warning or error");
  const auto actor = text_argument(args, "actor");
  if (!actor) return actor.error();
  return book.read({*after, *level, *actor, *limit});
}

}  // namespace millrace::node
