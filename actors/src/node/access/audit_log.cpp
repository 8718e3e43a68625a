#include "node/access/audit_log.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "millrace/persistence/data_folder.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t line_bytes_max = 64 << 10;
constexpr std::size_t entry_bytes = 1024;  // names and details are cut; most have a third of it

std::string code_of(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // Another name for another use: what signs entries opens no connection.
  const auto key = "millrace audit " + std::string{secret};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 0xf];
  }
  return hex;
}

/// What an entry's code is made of: the entry without it, as it is written, behind the code before.
std::string chained(const std::string& before, const json& entry) {
  return before + "\n" + entry.dump();
}

struct head {
  std::uint64_t count = 0;
  std::string code{};
  std::uint64_t first = 1;  // number of the first entry that is kept
  std::string before{};     // the code before it
};

std::string mac_of(const head& h, std::string_view secret) {
  return code_of(secret, std::to_string(h.count) + h.code + "/" + std::to_string(h.first) + h.before);
}

result<head> read_head(const fs::path& folder, std::string_view secret) {
  std::ifstream in{folder / "audit.head", std::ios::binary};
  if (!in) return head{};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto j = json::parse(text, nullptr, false);
  const auto bad = fatal_error(errc::corrupt, (folder / "audit.head").string() + " is not what the node wrote");
  try {
    head h{j.at("count"), j.at("code"), j.at("first"), j.at("before")};
    if (j.at("mac") != mac_of(h, secret)) return bad;
    return h;
  } catch (const json::exception&) {
    return bad;
  }
}

/// Files that are full: by the number of their first entry.
std::map<std::uint64_t, fs::path> full_files(const fs::path& folder) {
  constexpr std::string_view begin = "audit.";
  constexpr std::string_view end = ".log";
  std::map<std::uint64_t, fs::path> out;
  std::error_code failed;
  for (fs::directory_iterator at{folder, failed}, none; !failed && at != none; at.increment(failed)) {
    const auto name = at->path().filename().string();
    if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) continue;
    std::uint64_t number = 0;
    const auto* const stop = name.data() + name.size() - end.size();
    const auto read = std::from_chars(name.data() + begin.size(), stop, number);
    if (read.ec == std::errc{} && read.ptr == stop) out[number] = at->path();
  }
  return out;
}

std::string full_name(std::uint64_t first) {
  auto digits = std::to_string(first);
  digits.insert(0, 12 - std::min<std::size_t>(12, digits.size()), '0');
  return "audit." + digits + ".log";
}

struct chain {
  std::uint64_t last = 0;  // number of the last good entry
  std::string code{};
  std::uint64_t begun_at = 1;  // number of the first entry of the newest file
  std::uintmax_t bytes = 0;    // of whole, good lines in it
  std::string problem{};
  bool is_cut = false;  // a line without an end: the process died while it wrote, and nobody was answered
};

/// Follows the chain through one file, until something is wrong.
void follow(chain& c, const fs::path& file, std::string_view secret) {
  c.begun_at = c.last + 1;
  c.bytes = 0;
  std::ifstream in{file, std::ios::binary};
  std::string line;
  while (c.problem.empty() && std::getline(in, line)) {
    const auto at = "line " + std::to_string(c.last + 1);
    c.is_cut = in.eof();
    if (c.is_cut) {
      c.problem = at + " is cut off";
      break;
    }
    auto j = line.size() > line_bytes_max ? json{} : json::parse(line, nullptr, false);
    if (!j.is_object() || !j.contains("code") || !j["code"].is_string()) {
      c.problem = at + " is no entry";
      break;
    }
    const auto code = j["code"].get<std::string>();
    j.erase("code");
    if (!j.contains("number") || j["number"] != c.last + 1 || code != code_of(secret, chained(c.code, j))) {
      c.problem = at + " is not what the node wrote there";
      break;
    }
    c.code = code;
    c.bytes += line.size() + 1;
    ++c.last;
  }
}

/// Which file it is, and when its content or its name changed last. Empty: there is none.
std::string stamp_of(const fs::path& file) {
  struct stat now {};
  if (::stat(file.c_str(), &now) != 0) return {};
  return std::to_string(now.st_dev) + " " + std::to_string(now.st_ino) + " " + std::to_string(now.st_size) + " " +
         std::to_string(now.st_ctim.tv_sec) + " " + std::to_string(now.st_ctim.tv_nsec);
}

/// Follows the chain through a full file, unless it went through it before and nobody has touched it since.
void follow_full(chain& c, const fs::path& file, std::string_view secret, audit_log::memory* known) {
  const auto key = known == nullptr ? std::string{} : stamp_of(file) + " " + std::to_string(c.last) + " " + c.code;
  const auto at = known == nullptr ? audit_log::memory::iterator{} : known->find(key);
  if (known != nullptr && at != known->end()) {
    c.begun_at = c.last + 1;
    c.last = at->second.last;
    c.code = at->second.code;
    return;
  }
  follow(c, file, secret);
  if (known == nullptr || !c.problem.empty()) return;
  if (known->size() >= 2 * audit_log::files_max) known->clear();
  known->emplace(key, audit_log::link{c.last, c.code});
}

/// All files, from the first entry that is kept on.
chain follow_all(const fs::path& folder, const head& h, std::string_view secret, audit_log::memory* known = nullptr) {
  chain c{.last = h.first - 1, .code = h.before};
  for (const auto& [first, file] : full_files(folder)) {
    // Older ones were to be removed when the node died.
    if (first < h.first || !c.problem.empty()) continue;
    follow_full(c, file, secret, known);
    // Only the newest file may end in the middle.
    c.is_cut = false;
  }
  if (c.problem.empty()) follow(c, folder / "audit.log", secret);
  return c;
}

/// Reads where so many entries of the usual length begin, or a little before.
std::ifstream end_of(const fs::path& file, std::size_t entries) {
  std::ifstream in{file, std::ios::binary | std::ios::ate};
  const auto wanted = static_cast<std::streamoff>(entries * entry_bytes);
  if (in && in.tellg() > wanted) {
    in.seekg(-wanted, std::ios::end);
    in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');  // the rest of a line
  } else {
    in.seekg(0);
  }
  return in;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

audit_log::audit_log(audit_log&& other) noexcept
    : folder_{std::move(other.folder_)},
      secret_{std::move(other.secret_)},
      bytes_max_{other.bytes_max_},
      count_{other.count_},
      last_code_{std::move(other.last_code_)},
      first_{other.first_},
      before_{std::move(other.before_)},
      begun_at_{other.begun_at_},
      bytes_{other.bytes_},
      is_stuck_{other.is_stuck_},
      descriptor_{std::exchange(other.descriptor_, -1)} {}

audit_log::~audit_log() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<audit_log> audit_log::open(const fs::path& folder, std::string secret, std::uintmax_t bytes_max) {
  audit_log log{folder, std::move(secret), bytes_max};
  const auto head = read_head(folder, log.secret_);
  if (!head) return head.error();
  const auto written = follow_all(folder, *head, log.secret_);
  // An entry may be written when its head is not yet: the process died in between, before anybody was answered.
  const bool is_whole =
      (written.problem.empty() || written.is_cut) && written.last >= head->count && written.last <= head->count + 1;
  if (!is_whole) {
    return fatal_error(errc::corrupt, (folder / "audit.log").string() + " is good up to entry " +
                                          std::to_string(written.last) + " where " + std::to_string(head->count) +
                                          " were written; keep it as evidence: move all of audit.* away to begin anew");
  }
  log.count_ = written.last;
  log.last_code_ = written.code;
  log.first_ = head->first;
  log.before_ = head->before;
  log.begun_at_ = written.begun_at;
  for (const auto& [first, file] : full_files(folder)) {
    std::error_code ignored;
    if (first < log.first_) fs::remove(file, ignored);
  }
  if (auto opened = log.open_file(written.bytes); !opened) return std::move(opened).error();
  return log;
}

result<void> audit_log::open_file(std::uintmax_t good_bytes) {
  const auto file = folder_ / "audit.log";
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  descriptor_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor_ < 0 || ::ftruncate(descriptor_, static_cast<off_t>(good_bytes)) != 0 ||
      ::lseek(descriptor_, 0, SEEK_END) < 0) {
    return fatal_error(errc::io_error, "cannot write " + file.string() + ": " + std::strerror(errno));
  }
  bytes_ = good_bytes;
  return {};
}

/// Puts the full file aside, and gives up the oldest where there are too many.
result<void> audit_log::begin_file() {
  std::error_code failed;
  fs::rename(folder_ / "audit.log", folder_ / full_name(begun_at_), failed);
  // Not there: it was put aside before, and the next one could not be begun.
  if (failed && failed != std::errc::no_such_file_or_directory)
    return fatal_error(errc::io_error, "cannot put audit.log aside: " + failed.message());
  if (auto opened = open_file(0); !opened) return opened;
  if (auto synced = persistence::sync_folder(folder_); !synced) return synced;
  begun_at_ = count_ + 1;
  auto full = full_files(folder_);
  while (full.size() >= files_max) {
    // First the head, which says that the chain begins later; should the node die now, the file goes at its next start.
    chain oldest{.last = first_ - 1, .code = before_};
    follow(oldest, full.begin()->second, secret_);
    first_ = oldest.last + 1;
    before_ = oldest.code;
    if (auto noted = write_head(); !noted) return noted;
    fs::remove(full.begin()->second, failed);
    full.erase(full.begin());
  }
  return {};
}

result<void> audit_log::write_head() const {
  const head h{count_, last_code_, first_, before_};
  const json j{
      {"count", h.count}, {"code", h.code}, {"first", h.first}, {"before", h.before}, {"mac", mac_of(h, secret_)}};
  return persistence::replace_file(folder_ / "audit.head", j.dump() + "\n");
}

/// Whoever asked for the entry hears that it is not there, so it must not be: the next one goes where it would be.
void audit_log::take_back() {
  is_stuck_ = ::ftruncate(descriptor_, static_cast<off_t>(bytes_)) != 0 || ::lseek(descriptor_, 0, SEEK_END) < 0;
}

result<void> audit_log::add(const entry& e) {
  if (is_stuck_) take_back();
  if (is_stuck_) {
    return fatal_error(errc::io_error, "cannot write the audit log in " + folder_.string() +
                                           ": an entry that was written in part cannot be removed");
  }
  if (bytes_ >= bytes_max_) {
    if (auto begun = begin_file(); !begun) return begun;
  }
  json j{{"number", count_ + 1},   {"at", e.at},          {"who", e.who}, {"verb", e.verb},
         {"topology", e.topology}, {"outcome", e.outcome}};
  if (!e.detail.empty()) j["detail"] = e.detail;
  auto code = code_of(secret_, chained(last_code_, j));
  j["code"] = code;
  const auto line = j.dump() + "\n";
  if (!write_all(descriptor_, line) || ::fdatasync(descriptor_) != 0) {
    const int why = errno;
    take_back();
    return fatal_error(errc::io_error, "cannot write the audit log in " + folder_.string() + ": " + std::strerror(why));
  }
  ++count_;
  last_code_.swap(code);
  if (auto noted = write_head(); !noted) {
    --count_;
    last_code_.swap(code);
    take_back();
    return noted;
  }
  bytes_ += line.size();
  return {};
}

std::vector<audit_log::entry> audit_log::newest(const fs::path& folder, std::size_t most) {
  std::deque<entry> last;
  std::vector<fs::path> files{folder / "audit.log"};
  if (const auto full = full_files(folder); !full.empty()) files.insert(files.begin(), full.rbegin()->second);
  std::string line;
  for (const auto& file : files) {
    for (auto in = end_of(file, most); std::getline(in, line);) {
      const auto j = line.size() > line_bytes_max ? json{} : json::parse(line, nullptr, false);
      try {
        last.push_back(
            {j.at("at"), j.at("who"), j.at("verb"), j.at("topology"), j.at("outcome"), j.value("detail", "")});
        if (last.size() > most) last.pop_front();
      } catch (const json::exception&) {
        // `verify` tells which it is.
      }
    }
  }
  return {last.rbegin(), last.rend()};
}

result<audit_log::verdict> audit_log::verify(const fs::path& folder, std::string_view secret, memory* known) {
  std::error_code ignored;
  if (!fs::exists(folder / "audit.log", ignored)) {
    return user_error(errc::not_found, "there is no audit.log in " + folder.string());
  }
  const auto head = read_head(folder, secret);
  if (!head) return verdict{.problem = head.error().message};
  const auto written = follow_all(folder, *head, secret, known);
  verdict v{head->first, written.last + 1 - head->first, written.problem};
  if (v.problem.empty() && (written.last < head->count || written.last > head->count + 1)) {
    v.problem = "the log ends behind line " + std::to_string(written.last) + ", and " + std::to_string(head->count) +
                " entries were written";
  } else if (v.problem.empty() && written.last == head->count && written.code != head->code) {
    v.problem = "the last entry is not the one that was written last";
  }
  return v;
}

}  // namespace millrace::node
