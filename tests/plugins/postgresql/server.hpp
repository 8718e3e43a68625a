#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace postgresql_tests {

/// A PostgreSQL server of the test's own, in a folder of the temporary folder, on a unix socket there and nowhere else.
///
/// A keeper process starts the server, and starts it again whenever it dies; both end with this object, or when this
/// process dies, and the folder with them. Started as root it runs as the user `postgres`, because PostgreSQL refuses
/// root.
class server {
public:
  /// Throws std::runtime_error when the server's programs are not there or do not start.
  server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// A connection string for a database.
  [[nodiscard]] std::string connection(const std::string& database = "postgres") const;
  /// SIGKILL to all its processes, which are dead when this returns; the keeper starts the server again.
  void kill() const;
  /// Waits until a connection is possible.
  void wait_until_ready() const;

private:
  std::filesystem::path folder_;
  pid_t keeper_ = -1;
};

}  // namespace postgresql_tests
