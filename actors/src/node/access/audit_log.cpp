#include "node/access/audit_log.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "millrace/persistence/data_folder.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t line_bytes_max = 64 << 10;

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
};

result<head> read_head(const fs::path& folder, std::string_view secret) {
  std::ifstream in{folder / "audit.head", std::ios::binary};
  if (!in) return head{};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto j = json::parse(text, nullptr, false);
  const auto bad = fatal_error(errc::corrupt, (folder / "audit.head").string() + " is not what the node wrote");
  if (!j.is_object()) return bad;
  head h{j.value("count", std::uint64_t{0}), j.value("code", "")};
  if (j.value("mac", "") != code_of(secret, std::to_string(h.count) + h.code)) return bad;
  return h;
}

struct chain {
  std::uint64_t entries = 0;
  std::string code{};
  std::uintmax_t bytes = 0;  // of whole, good lines
  std::string problem{};
  bool is_cut = false;  // a line without an end: the process died while it wrote, and nobody was answered
};

/// Follows the chain from the first line on, until something is wrong.
chain follow(const fs::path& file, std::string_view secret) {
  chain c;
  std::ifstream in{file, std::ios::binary};
  std::string line;
  while (c.problem.empty() && std::getline(in, line)) {
    const auto at = "line " + std::to_string(c.entries + 1);
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
    if (j.value("number", std::uint64_t{0}) != c.entries + 1 || code != code_of(secret, chained(c.code, j))) {
      c.problem = at + " is not what the node wrote there";
      break;
    }
    c.code = code;
    c.bytes += line.size() + 1;
    ++c.entries;
  }
  return c;
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
      count_{other.count_},
      last_code_{std::move(other.last_code_)},
      descriptor_{std::exchange(other.descriptor_, -1)} {}

audit_log::~audit_log() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<audit_log> audit_log::open(const fs::path& folder, std::string secret) {
  audit_log log{folder, std::move(secret)};
  const auto head = read_head(folder, log.secret_);
  if (!head) return head.error();
  const auto file = folder / "audit.log";
  const auto written = follow(file, log.secret_);
  // An entry may be written when its head is not yet: the process died in between, before anybody was answered.
  const bool is_whole = (written.problem.empty() || written.is_cut) && written.entries >= head->count &&
                        written.entries <= head->count + 1;
  if (!is_whole) {
    return fatal_error(errc::corrupt,
                       file.string() + " has " + std::to_string(written.entries) + " good entries where " +
                           std::to_string(head->count) +
                           " were written; keep it as evidence: move audit.log and audit.head away to begin anew");
  }
  log.descriptor_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (log.descriptor_ < 0 || ::ftruncate(log.descriptor_, static_cast<off_t>(written.bytes)) != 0 ||
      ::lseek(log.descriptor_, 0, SEEK_END) < 0) {
    return fatal_error(errc::io_error, "cannot write " + file.string() + ": " + std::strerror(errno));
  }
  log.count_ = written.entries;
  log.last_code_ = written.code;
  return log;
}

result<void> audit_log::add(const entry& e) {
  json j{{"number", count_ + 1},   {"at", e.at},          {"who", e.who}, {"verb", e.verb},
         {"topology", e.topology}, {"outcome", e.outcome}};
  auto code = code_of(secret_, chained(last_code_, j));
  j["code"] = code;
  if (!write_all(descriptor_, j.dump() + "\n") || ::fdatasync(descriptor_) != 0) {
    return fatal_error(errc::io_error,
                       "cannot write the audit log in " + folder_.string() + ": " + std::strerror(errno));
  }
  ++count_;
  last_code_ = std::move(code);
  const json head{
      {"count", count_}, {"code", last_code_}, {"mac", code_of(secret_, std::to_string(count_) + last_code_)}};
  return persistence::replace_file(folder_ / "audit.head", head.dump() + "\n");
}

result<audit_log::verdict> audit_log::verify(const fs::path& folder, std::string_view secret) {
  std::error_code ignored;
  if (!fs::exists(folder / "audit.log", ignored)) {
    return user_error(errc::not_found, "there is no audit.log in " + folder.string());
  }
  const auto written = follow(folder / "audit.log", secret);
  verdict v{written.entries, written.problem};
  const auto head = read_head(folder, secret);
  if (!head) {
    v.problem = head.error().message;
  } else if (v.problem.empty() && (written.entries < head->count || written.entries > head->count + 1)) {
    v.problem = "the log ends behind line " + std::to_string(written.entries) + ", and " + std::to_string(head->count) +
                " entries were written";
  } else if (v.problem.empty() && written.entries == head->count && written.code != head->code) {
    v.problem = "the last entry is not the one that was written last";
  }
  return v;
}

}  // namespace millrace::node
