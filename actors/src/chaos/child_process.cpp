#include "chaos/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

namespace millrace::chaos {

namespace {

constexpr std::size_t printed_bytes_max = std::size_t{1} << 20U;

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> out;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry{*e};
    if (!more.contains(entry.substr(0, entry.find('=')))) out.push_back(entry);
  }
  for (const auto& [name, value] : more) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& t : texts) out.push_back(t.data());
  out.push_back(nullptr);
  return out;
}

/// Where the standard streams of the child go.
class redirection {
public:
  explicit redirection(const child_process::order& o) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    constexpr int how = O_WRONLY | O_CREAT | O_APPEND;
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, o.out_file.c_str(), how, 0600);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, o.error_file.c_str(), how, 0600);
  }
  ~redirection() { posix_spawn_file_actions_destroy(&actions_); }
  redirection(const redirection&) = delete;
  redirection& operator=(const redirection&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

result<child_process> child_process::start(const order& o) {
  auto arguments = o.arguments;
  auto environment = environment_with(o.environment);
  const redirection streams{o};
  pid_t pid = 0;
  const int problem = ::posix_spawnp(&pid, arguments.front().c_str(), streams.get(), nullptr,
                                     pointers(arguments).data(), pointers(environment).data());
  if (problem != 0) {
    return user_error(errc::not_found, "'" + arguments.front() + "' cannot be started: " + std::strerror(problem));
  }
  return child_process{pid};
}

child_process::child_process(child_process&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)}, ended_{other.ended_} {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  return *this;
}

child_process::~child_process() {
  if (pid_ == 0 || exit_code()) return;
  send_signal(SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> child_process::exit_code() {
  int status = 0;
  if (!ended_ && pid_ != 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return ended_;
}

void child_process::send_signal(int number) const {
  if (pid_ != 0 && !ended_) ::kill(pid_, number);
}

std::string read_printed(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::string out(printed_bytes_max, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

}  // namespace millrace::chaos
