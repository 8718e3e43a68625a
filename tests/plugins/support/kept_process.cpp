#include "kept_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

namespace plugin_tests {

namespace {

namespace fs = std::filesystem;

std::atomic<bool> is_ending{false};
std::atomic<pid_t> kept{-1};

void end_kept(int) {
  is_ending = true;
  const pid_t server = kept;
  if (server > 0) ::kill(server, SIGKILL);
}

pid_t start(const std::vector<std::string>& words, const fs::path& folder) {
  const auto child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  std::vector<char*> arguments;
  for (const auto& w : words) arguments.push_back(const_cast<char*>(w.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

/// The keeper's life.
[[noreturn]] void keep(const std::vector<std::string>& words, const fs::path& folder) {
  struct sigaction ending {};
  ending.sa_handler = end_kept;
  ::sigaction(SIGTERM, &ending, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  while (!is_ending) {
    kept = start(words, folder);
    if (is_ending) end_kept(SIGTERM);  // which came before there was one to end
    std::ofstream{folder / "pid"} << kept << '\n';
    int status = 0;
    while (::waitpid(kept, &status, 0) < 0 && errno == EINTR) {
      // The signal is passed on by its handler.
    }
    kept = -1;
    // One that cannot start is not tried a thousand times a second.
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  ::_exit(0);
}

}  // namespace

kept_process::kept_process(const std::string& name, std::vector<std::string> words)
    : folder_{fs::temp_directory_path() / ("millrace-" + name + "-" + std::to_string(::getpid()))} {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  for (auto& w : words) {
    if (const auto at = w.find("{}"); at != std::string::npos) w.replace(at, 2, folder_.string());
  }
  keeper_ = ::fork();
  if (keeper_ == 0) keep(words, folder_);
}

kept_process::~kept_process() {
  ::kill(keeper_, SIGTERM);
  int status = 0;
  ::waitpid(keeper_, &status, 0);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void kept_process::kill() const {
  pid_t server = -1;
  std::ifstream{folder_ / "pid"} >> server;
  if (server > 1) ::kill(server, SIGKILL);
}

}  // namespace plugin_tests
