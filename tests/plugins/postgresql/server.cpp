#include "server.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <vector>

namespace postgresql_tests {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto patience = 60s;

/// Debian keeps each version's programs in a folder of its own.
fs::path program(const char* name) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", none}) {
    if (fs::exists(version.path() / "bin" / name)) found.push_back(version.path() / "bin" / name);
  }
  if (found.empty()) throw std::runtime_error("there is no PostgreSQL server here: apt-get install postgresql");
  return *std::max_element(found.begin(), found.end());
}

const passwd* server_user() {
  if (::geteuid() != 0) return nullptr;
  const auto* const user = ::getpwnam("postgres");
  if (user == nullptr) throw std::runtime_error("root may not run PostgreSQL, and there is no user 'postgres'");
  return user;
}

/// Starts a program as the server's user, its output in a file; it dies with this process.
pid_t start(const std::vector<std::string>& words, const fs::path& log) {
  const auto* const user = server_user();
  const auto child = ::fork();
  if (child != 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // behind setuid, which takes it back
  std::vector<char*> arguments;
  for (const auto& w : words) arguments.push_back(const_cast<char*>(w.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

/// Neither gone nor waiting to be waited for.
bool is_alive(pid_t pid) {
  std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
  // A process that goes while it is read is an error of the stream, which an iterator would throw.
  std::string text;
  std::getline(stat, text, '\0');
  const auto name_end = text.rfind(')');
  return name_end != text.npos && name_end + 2 < text.size() && text[name_end + 2] != 'Z';
}

std::atomic<bool> is_ending{false};
std::atomic<pid_t> kept{-1};

void end_kept(int) {
  is_ending = true;
  const pid_t server = kept;
  if (server > 0) ::kill(server, SIGQUIT);
}

/// The keeper's life.
[[noreturn]] void keep(const fs::path& folder, const std::string& postgres) {
  struct sigaction ending {};
  ending.sa_handler = end_kept;
  ::sigaction(SIGTERM, &ending, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const std::vector<std::string> words{postgres,
                                       "-D",
                                       (folder / "data").string(),
                                       "-k",
                                       folder.string(),
                                       "-c",
                                       "listen_addresses=",
                                       "-c",
                                       "fsync=off",  // a killed process loses nothing the system has
                                       "-c",
                                       "max_connections=40"};
  while (!is_ending) {
    kept = start(words, folder / "log");
    int status = 0;
    while (::waitpid(kept, &status, 0) < 0 && errno == EINTR) {
      // The signal is passed on by its handler.
    }
    // Backends of a killed server take a moment to notice, and a new one does not start beside them.
    std::this_thread::sleep_for(50ms);
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  ::_exit(0);
}

}  // namespace

server::server() : folder_{fs::temp_directory_path() / ("millrace-pg-" + std::to_string(::getpid()))} {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  if (const auto* const user = server_user()) {
    if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("cannot chown");
  }
  int status = -1;
  const auto init = start({program("initdb"), "-D", (folder_ / "data").string(), "-U", "tester", "-A", "trust", "-N",
                           "-E", "UTF8", "--locale", "C.UTF-8"},
                          folder_ / "log");
  ::waitpid(init, &status, 0);
  if (status != 0) throw std::runtime_error("initdb failed, see " + (folder_ / "log").string());
  const auto postgres = program("postgres").string();
  keeper_ = ::fork();
  if (keeper_ == 0) keep(folder_, postgres);
  wait_until_ready();
}

server::~server() {
  ::kill(keeper_, SIGTERM);
  int status = 0;
  ::waitpid(keeper_, &status, 0);
}

std::string server::connection(const std::string& database) const {
  return "host=" + folder_.string() + " user=tester dbname=" + database;
}

void server::kill() const {
  pid_t postmaster = -1;
  std::ifstream{folder_ / "data" / "postmaster.pid"} >> postmaster;
  if (postmaster <= 1) return;
  std::vector<pid_t> all{postmaster};
  const auto id = std::to_string(postmaster);
  std::ifstream children{"/proc/" + id + "/task/" + id + "/children"};
  for (pid_t child = 0; children >> child;) all.push_back(child);
  for (const auto pid : all) ::kill(pid, SIGKILL);
  const auto end = std::chrono::steady_clock::now() + patience;
  for (const auto pid : all) {
    while (is_alive(pid) && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  }
}

void server::wait_until_ready() const {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (PQping(connection().c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("the server does not start, see " + (folder_ / "log").string());
    }
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace postgresql_tests
