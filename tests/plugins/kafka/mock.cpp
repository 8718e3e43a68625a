// librdkafka's mock cluster as a process of its own: says where it is, then does what standard input says, a line each,
// and answers `ok`. Ends with its input.
#include <librdkafka/rdkafka.h>
// Needs the one above.
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int brokers = 3;

bool obey(rd_kafka_mock_cluster_t* cluster, const std::string& line) {
  std::istringstream words{line};
  std::string verb;
  words >> verb;
  if (verb == "topic") {
    std::string name;
    int partitions = 0;
    words >> name >> partitions;
    return rd_kafka_mock_topic_create(cluster, name.c_str(), partitions, brokers) == RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  if (verb == "down") return rd_kafka_mock_broker_set_down(cluster, -1) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (verb == "up") return rd_kafka_mock_broker_set_up(cluster, -1) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (verb == "leader") {
    std::string topic;
    std::int32_t partition = 0;
    std::int32_t broker = 0;
    words >> topic >> partition >> broker;
    return rd_kafka_mock_partition_set_leader(cluster, topic.c_str(), partition, broker) == RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  if (verb == "fail") {
    int request = 0;
    int code = 0;
    std::size_t count = 0;
    words >> request >> code >> count;
    const std::vector<rd_kafka_resp_err_t> codes(count, static_cast<rd_kafka_resp_err_t>(code));
    rd_kafka_mock_push_request_errors_array(cluster, static_cast<std::int16_t>(request), count, codes.data());
    return true;
  }
  return false;
}

/// Away for so many ms; nobody waits for an answer.
bool blink(rd_kafka_mock_cluster_t* cluster, const std::string& line) {
  std::istringstream words{line};
  std::string verb;
  int ms = 0;
  if (!(words >> verb >> ms) || verb != "blink") return false;
  (void)rd_kafka_mock_broker_set_down(cluster, -1);
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  (void)rd_kafka_mock_broker_set_up(cluster, -1);
  return true;
}

}  // namespace

int main() {
  std::vector<char> words(512);
  auto* const handle = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), words.data(), words.size());
  if (handle == nullptr) return std::fprintf(stderr, "%s\n", words.data()), 1;
  auto* const cluster = rd_kafka_mock_cluster_new(handle, brokers);
  std::cout << rd_kafka_mock_cluster_bootstraps(cluster) << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (blink(cluster, line)) continue;
    std::cout << (obey(cluster, line) ? "ok" : "cannot") << std::endl;
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(handle);
  return 0;
}
