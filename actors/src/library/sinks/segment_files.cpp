#include "library/sinks/segment_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "library/system_error.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t epoch_digits = 20;  // what the largest 64-bit number needs, so that names sort as numbers do
constexpr std::size_t part_digits = 6;
constexpr std::string_view lock_extension = ".lock";
constexpr const char* pending_folder_name = ".inprogress";

result<void> sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_failure("cannot open the folder", path);
  const int rc = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  if (rc != 0) return system_failure("cannot make durable the folder", path, code);
  return {};
}

/// Length of a file, nothing when there is none.
std::optional<std::uint64_t> bytes_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(s.st_size);
}

result<std::vector<std::string>> file_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code code;
  fs::directory_iterator at{folder, code};
  for (; !code && at != fs::directory_iterator{}; at.increment(code)) names.push_back(at->path().filename().string());
  if (code) return system_failure("cannot list the folder", folder, code.value());
  return names;
}

result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return system_failure("cannot delete", path);
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
}
bool is_path_below(const std::string& path) {
  const fs::path p{path};
  return !path.empty() && p.is_relative() &&
         std::ranges::all_of(p, [](const fs::path& part) { return is_plain_name(part.string()); });
}

result<segment_handle> parse_segment(const std::string& line) {
  const auto parts = split_list(line, ' ');
  segment_handle h;
  bool ok = parts.size() == 3 && is_plain_name(parts[1]) && is_path_below(parts[2]);
  if (ok) {
    const auto* const end = parts[0].data() + parts[0].size();
    const auto read = std::from_chars(parts[0].data(), end, h.bytes);
    ok = read.ec == std::errc{} && read.ptr == end;
  }
  if (!ok) return fatal_error(errc::corrupt, "the snapshot's handle '" + line + "' is none of a file sink");
  h.pending = parts[1];
  h.final_name = parts[2];
  return h;
}

std::string digits_of(std::uint64_t n, std::size_t digits) {
  const auto text = std::to_string(n);
  return text.size() >= digits ? text : std::string(digits - text.size(), '0') + text;
}

}  // namespace

std::string text_of(const std::vector<segment_handle>& segments) {
  std::string text;
  for (const auto& s : segments) {
    if (!text.empty()) text += '\n';
    text += std::to_string(s.bytes) + " " + s.pending + " " + s.final_name;
  }
  return text;
}

result<std::vector<segment_handle>> parse_segments(const std::string& text) {
  std::vector<segment_handle> out;
  for (const auto& line : split_list(text, '\n')) {
    auto one = parse_segment(line);
    if (!one) return std::move(one).error();
    out.push_back(std::move(*one));
  }
  if (out.empty()) return fatal_error(errc::corrupt, "the snapshot's handle '" + text + "' is none of a file sink");
  return out;
}

segment_files::segment_files(std::string folder, std::string actor_name, std::uint32_t partition, std::string extension,
                             std::string packed_extension, bool is_nested)
    : folder_{std::move(folder)},
      pending_folder_{folder_ + "/" + pending_folder_name},
      actor_name_{std::move(actor_name)},
      prefix_{actor_name_ + "-" + std::to_string(partition)},
      extension_{std::move(extension)},
      packed_extension_{std::move(packed_extension)},
      is_nested_{is_nested} {}

segment_files::~segment_files() {
  if (lock_ >= 0) ::close(lock_);
}

void segment_files::swap(segment_files& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(pending_folder_, other.pending_folder_);
  std::swap(actor_name_, other.actor_name_);
  std::swap(prefix_, other.prefix_);
  std::swap(extension_, other.extension_);
  std::swap(packed_extension_, other.packed_extension_);
  std::swap(is_nested_, other.is_nested_);
  std::swap(next_, other.next_);
  std::swap(lock_, other.lock_);
}

result<void> segment_files::prepare_folders() {
  std::error_code code;
  fs::create_directories(pending_folder_, code);
  if (code) return system_failure("cannot make the folder", pending_folder_, code.value());
  if (auto ok = sync_folder(folder_); !ok) return ok;
  if (lock_ >= 0) return {};
  const auto path = pending_path(prefix_ + std::string{lock_extension});
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) return system_failure("cannot open", path);
  // Of the process, not of the descriptor: an incarnation that is still being taken down does not keep its successor
  // out.
  struct flock whole {};
  whole.l_type = F_WRLCK;
  if (::fcntl(lock_, F_SETLK, &whole) == 0) return {};
  return user_error(errc::in_use, "another process writes '" + prefix_ + "' into the folder '" + folder_ +
                                      "': stop it, or give each run a folder of its own");
}

result<void> segment_files::commit(const std::vector<segment_handle>& handles) {
  folder_set changed;
  for (const auto& handle : handles) {
    if (auto ok = give_name(handle, changed); !ok) return ok;
  }
  if (engine::fault_point("sink.after_rename") == engine::fault_action::fail) {
    return retryable_error(errc::io_error,
                           "cannot make durable the folder '" + folder_ + "': refused by an experiment");
  }
  if (changed.size() > synced_singly_max) return sync_file_system();
  for (const auto& folder : changed) {
    if (auto ok = sync_folder(folder); !ok) return ok;
  }
  return sync_folder(pending_folder_);
}

result<void> segment_files::give_name(const segment_handle& handle, folder_set& changed) {
  const auto pending = pending_path(handle.pending);
  const auto final_path = folder_ + "/" + handle.final_name;
  if (engine::fault_point("sink.before_rename") != engine::fault_action::proceed) {
    return retryable_error(errc::io_error, "cannot rename '" + pending + "': refused by an experiment");
  }
  // Also when the name is there already: a crash may have come between renaming and making it durable.
  if (auto ok = make_folders(handle.final_name, changed); !ok) return ok;
  // The final name first: it carries the epoch, so once it is there this commit has happened, and a pending file of
  // that name is a later incarnation's.
  if (bytes_of(final_path) == handle.bytes) return {};
  const auto bytes = bytes_of(pending);
  if (!bytes) {
    return fatal_error(errc::corrupt, "'" + pending + "' is gone and '" + final_path +
                                          "' is not what it was to become: " +
                                          "somebody changed the output folder; start with a new one");
  }
  if (*bytes != handle.bytes) {
    return fatal_error(errc::corrupt, "'" + pending + "' has " + std::to_string(*bytes) +
                                          " bytes where the snapshot says " + std::to_string(handle.bytes) +
                                          ": somebody changed it");
  }
  if (::rename(pending.c_str(), final_path.c_str()) != 0) return system_failure("cannot rename", pending);
  return {};
}

/// The folders below the output folder that a final name asks for. All on the way are to be made durable.
result<void> segment_files::make_folders(const std::string& final_name, folder_set& changed) const {
  changed.insert(folder_);
  for (auto slash = final_name.find('/'); slash != std::string::npos; slash = final_name.find('/', slash + 1)) {
    const auto folder = folder_ + "/" + final_name.substr(0, slash);
    if (!changed.insert(folder).second) continue;
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return system_failure("cannot make the folder", folder);
  }
  return {};
}

result<std::vector<std::string>> segment_files::output_files() const {
  if (!is_nested_) return file_names(folder_);
  std::vector<std::string> names;
  std::error_code code;
  fs::recursive_directory_iterator at{folder_, code};
  for (; !code && at != fs::recursive_directory_iterator{}; at.increment(code)) {
    if (at->path().filename() == pending_folder_name) {
      at.disable_recursion_pending();
    } else {
      names.push_back(fs::relative(at->path(), folder_).string());
    }
  }
  if (code) return system_failure("cannot list the folder", folder_, code.value());
  return names;
}

result<void> segment_files::discard_pending() {
  auto names = file_names(pending_folder_);
  if (!names) return names.error();
  for (const auto& name : *names) {
    if (!name.starts_with(prefix_ + ".") || name.ends_with(lock_extension)) continue;
    if (auto ok = remove_file(pending_path(name)); !ok) return ok;
  }
  return {};
}

result<std::uint64_t> segment_files::withdraw_after(epoch_id epoch) {
  auto names = output_files();
  if (!names) return names.error();
  std::uint64_t withdrawn = 0;
  for (const auto& name : *names) {
    const fs::path path{folder_ + "/" + name};
    const auto of_file = epoch_of(path.filename().string(), prefix_);
    if (!of_file || *of_file <= epoch) continue;
    if (auto ok = remove_file(path.string()); !ok) return ok.error();
    if (auto ok = sync_folder(path.parent_path().string()); !ok) return ok.error();
    ++withdrawn;
  }
  return withdrawn;
}

result<std::optional<std::string>> segment_files::any_segment() const {
  auto names = output_files();
  if (!names) return names.error();
  for (const auto& path : *names) {
    const auto name = fs::path{path}.filename().string();
    const auto end = name.find_first_not_of("0123456789", actor_name_.size() + 1);
    if (!name.starts_with(actor_name_ + "-") || end == std::string::npos) continue;
    if (epoch_of(name, std::string_view{name}.substr(0, end))) return std::optional{path};
  }
  return std::optional<std::string>{};
}

/// `<prefix>-<20 digits>[-<6 digits>]<extension>`, packed or not, and nothing else: the files of an actor called "a-1"
/// are not those of "a".
std::optional<epoch_id> segment_files::epoch_of(std::string_view file_name, std::string_view prefix) const {
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (file_name.ends_with(packed)) file_name.remove_suffix(packed.size());
  }
  if (!file_name.starts_with(prefix) || !file_name.ends_with(extension_)) return std::nullopt;
  auto rest = file_name.substr(prefix.size());
  rest.remove_suffix(std::min(rest.size(), extension_.size()));
  if (rest.size() == 1 + epoch_digits + 1 + part_digits) {
    const auto part = rest.substr(1 + epoch_digits);
    if (part.front() != '-' || part.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;
    rest.remove_suffix(part.size());
  }
  if (rest.size() != 1 + epoch_digits || rest.front() != '-') return std::nullopt;
  const auto* const first = rest.data() + 1;
  epoch_id epoch;
  const auto read = std::from_chars(first, first + epoch_digits, epoch.value);
  if (read.ec != std::errc{} || read.ptr != first + epoch_digits) return std::nullopt;
  return epoch;
}

std::string segment_files::next_pending_name() {
  return prefix_ + "." + std::to_string(next_++) + extension_ + packed_extension_;
}

std::string segment_files::final_name(epoch_id epoch) const {
  return prefix_ + "-" + digits_of(epoch.value, epoch_digits) + extension_ + packed_extension_;
}

std::string segment_files::final_name(epoch_id epoch, std::uint32_t n) const {
  return prefix_ + "-" + digits_of(epoch.value, epoch_digits) + "-" + digits_of(n, part_digits) + extension_ +
         packed_extension_;
}

result<void> segment_files::sync_file_system() const {
  const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_failure("cannot open the folder", folder_);
  const int rc = ::syncfs(fd);
  const int code = errno;
  ::close(fd);
  if (rc != 0) return system_failure("cannot make durable the file system of", folder_, code);
  return {};
}

result<void> segment_files::sync_pending_folder() const {
  return sync_folder(pending_folder_);
}

}  // namespace millrace::library
