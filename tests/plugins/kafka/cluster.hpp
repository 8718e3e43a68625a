#pragma once

#include <librdkafka/rdkafka.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kafka_tests {

/// Waits until `is_so`; throws std::runtime_error with `what` when that takes more than a minute.
void wait_until(const std::string& what, const std::function<bool()>& is_so);

struct record {
  std::optional<std::string> value;
  std::optional<std::string> key{};
  std::int64_t timestamp_ms = 0;
  std::map<std::string, std::string> headers{};
  std::int32_t partition = 0;
};

/// The cluster at MILLRACE_TEST_KAFKA (host:port), or librdkafka's mock in a process of its own that ends with this
/// object or this process. Read and written with librdkafka alone. Thread: one owner.
class cluster {
public:
  cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;
  ~cluster();

  [[nodiscard]] bool is_mock() const noexcept { return mock_ > 0; }
  [[nodiscard]] const std::string& brokers() const noexcept { return brokers_; }
  /// A new one, named after nothing else.
  [[nodiscard]] std::string make_topic(int partitions);
  /// Returns when the cluster has them.
  void send(const std::string& topic, const std::vector<record>& records);
  /// All of a topic, by partition.
  [[nodiscard]] std::vector<record> read(const std::string& topic) const;

  /// Of a mock: see mock.cpp.
  void command(const std::string& line) const;
  /// Of a mock: away for so many ms, beginning soon.
  void blink(int ms) const;

private:
  void start_mock();
  [[nodiscard]] std::string read_line() const;
  void create_topic(const std::string& name, int partitions) const;

  pid_t mock_ = -1;
  int to_mock_ = -1;
  int from_mock_ = -1;
  std::string brokers_;
  int topics_ = 0;
};

}  // namespace kafka_tests
