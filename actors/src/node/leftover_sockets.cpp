#include "node/leftover_sockets.hpp"

#include <signal.h>

#include <cerrno>
#include <charconv>
#include <string>

namespace millrace::node {

void remove_leftover_sockets(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator{folder, ignored}) {
    const auto name = file.path().stem().string();
    const auto dash = name.rfind('-');
    if (file.path().extension() != ".sock" || dash == std::string::npos) continue;
    pid_t pid = 0;
    const auto* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + dash + 1, end, pid);
    if (parsed.ec != std::errc{} || parsed.ptr != end || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove(file.path(), ignored);
  }
}

}  // namespace millrace::node
