#include "cluster.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>

namespace kafka_tests {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr int patience_ms = 60'000;

struct destroyer {
  void operator()(rd_kafka_t* k) const noexcept { rd_kafka_destroy(k); }
  void operator()(rd_kafka_topic_t* t) const noexcept { rd_kafka_topic_destroy(t); }
  void operator()(rd_kafka_message_t* m) const noexcept { rd_kafka_message_destroy(m); }
  void operator()(rd_kafka_queue_t* q) const noexcept { rd_kafka_queue_destroy(q); }
};
template <class T>
using owned = std::unique_ptr<T, destroyer>;

owned<rd_kafka_t> client_of(rd_kafka_type_t type, const std::string& brokers, void* opaque) {
  std::array<char, 512> words{};
  auto* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), words.data(), words.size());
  // Only what is there is read, so there is nothing to wait for at a broker.
  for (const char* const wait : {"fetch.wait.max.ms", "fetch.error.backoff.ms", "reconnect.backoff.ms"}) {
    if (type == RD_KAFKA_CONSUMER) rd_kafka_conf_set(conf, wait, "10", words.data(), words.size());
  }
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_opaque(conf, opaque);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* m, void* failures) {
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<int*>(failures);
  });
  owned<rd_kafka_t> made{rd_kafka_new(type, conf, words.data(), words.size())};
  if (!made) throw std::runtime_error(words.data());
  return made;
}

std::string bytes_of(const void* data, std::size_t size) {
  return size == 0 ? std::string{} : std::string{static_cast<const char*>(data), size};
}

}  // namespace

void wait_until(const std::string& what, const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= end) throw std::runtime_error("waited in vain: " + what);
    std::this_thread::sleep_for(2ms);
  }
}

cluster::cluster() {
  const char* const given = std::getenv("MILLRACE_TEST_KAFKA");
  if (given != nullptr && *given != '\0') {
    brokers_ = given;
  } else {
    start_mock();
  }
}

void cluster::start_mock() {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0) throw std::runtime_error("no pipe");
  mock_ = ::fork();
  if (mock_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
    ::execl(KAFKA_MOCK, KAFKA_MOCK, nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_mock_ = in[1];
  from_mock_ = out[0];
  brokers_ = read_line();
}

cluster::~cluster() {
  if (!is_mock()) return;
  ::kill(mock_, SIGKILL);
  int status = 0;
  ::waitpid(mock_, &status, 0);
  ::close(to_mock_);
  ::close(from_mock_);
}

std::string cluster::read_line() const {
  std::string line;
  for (char c = 0; ::read(from_mock_, &c, 1) == 1;) {
    if (c == '\n') return line;
    line += c;
  }
  throw std::runtime_error("the mock cluster is gone");
}

void cluster::command(const std::string& line) const {
  const auto text = line + "\n";
  if (::write(to_mock_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || read_line() != "ok")
    throw std::runtime_error("the mock cluster cannot: " + line);
}

void cluster::blink(int ms) const {
  const auto text = "blink " + std::to_string(ms) + "\n";
  if (::write(to_mock_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the mock cluster is gone");
}

std::string cluster::make_topic(int partitions) {
  const auto started = std::chrono::system_clock::now().time_since_epoch() / 1ms;
  const auto name =
      "millrace-" + std::to_string(::getpid()) + "-" + std::to_string(started) + "-" + std::to_string(++topics_);
  if (is_mock()) {
    command("topic " + name + " " + std::to_string(partitions));
  } else {
    create_topic(name, partitions);
  }
  return name;
}

void cluster::create_topic(const std::string& name, int partitions) const {
  std::array<char, 512> words{};
  const auto k = client_of(RD_KAFKA_PRODUCER, brokers_, nullptr);
  auto* wanted = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, words.data(), words.size());
  auto* const answers = rd_kafka_queue_new(k.get());
  rd_kafka_CreateTopics(k.get(), &wanted, 1, nullptr, answers);
  auto* const answer = rd_kafka_queue_poll(answers, patience_ms);
  const std::string problem = answer == nullptr ? "no answer" : rd_kafka_event_error_string(answer);
  const bool ok = answer != nullptr && rd_kafka_event_error(answer) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(answers);
  rd_kafka_NewTopic_destroy(wanted);
  if (!ok) throw std::runtime_error("no topic " + name + ": " + problem);
}

void cluster::send(const std::string& topic, const std::vector<record>& records) {
  int failures = 0;
  const auto k = client_of(RD_KAFKA_PRODUCER, brokers_, &failures);
  for (const auto& r : records) {
    auto* const headers = rd_kafka_headers_new(r.headers.size());
    for (const auto& [name, value] : r.headers)
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
    std::array<rd_kafka_vu_t, 7> words{};
    words[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    words[0].u.cstr = topic.c_str();
    words[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    words[1].u.i32 = r.partition;
    words[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    words[2].u.i = RD_KAFKA_MSG_F_COPY;
    words[3].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    words[3].u.i64 = r.timestamp_ms;
    words[4].vtype = RD_KAFKA_VTYPE_VALUE;
    if (r.value) words[4].u.mem = {const_cast<char*>(r.value->data()), r.value->size()};
    words[5].vtype = RD_KAFKA_VTYPE_KEY;
    if (r.key) words[5].u.mem = {const_cast<char*>(r.key->data()), r.key->size()};
    words[6].vtype = RD_KAFKA_VTYPE_HEADERS;
    words[6].u.headers = headers;
    if (auto* const failed = rd_kafka_produceva(k.get(), words.data(), words.size()))
      throw std::runtime_error(rd_kafka_error_string(failed));
  }
  if (rd_kafka_flush(k.get(), patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR || failures != 0)
    throw std::runtime_error("messages could not be sent");
}

std::vector<record> cluster::read(const std::string& topic) const {
  const auto k = client_of(RD_KAFKA_CONSUMER, brokers_, nullptr);
  const owned<rd_kafka_topic_t> t{rd_kafka_topic_new(k.get(), topic.c_str(), nullptr)};
  const rd_kafka_metadata_t* found = nullptr;
  if (rd_kafka_metadata(k.get(), 0, t.get(), &found, patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("no word of " + topic);
  const auto partitions = found->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(found);
  // All partitions at once: each takes librdkafka some time to begin with.
  const owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(k.get())};
  std::map<std::int32_t, std::int64_t> left;
  for (std::int32_t p = 0; p < partitions; ++p) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    wait_until("no word of a partition", [&] {
      return rd_kafka_query_watermark_offsets(k.get(), topic.c_str(), p, &low, &high, 1000) ==
             RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (low == high) continue;
    left[p] = high;
    rd_kafka_consume_start_queue(t.get(), p, low, queue.get());
  }
  const auto started = left;
  std::map<std::int32_t, std::vector<record>> found_in;
  const auto take = [&](const rd_kafka_message_t& m) {
    rd_kafka_timestamp_type_t kind{};
    record r{std::nullopt, std::nullopt, rd_kafka_message_timestamp(&m, &kind), {}, m.partition};
    if (m.payload != nullptr) r.value = bytes_of(m.payload, m.len);
    if (m.key != nullptr) r.key = bytes_of(m.key, m.key_len);
    found_in[m.partition].push_back(std::move(r));
    if (left.contains(m.partition) && m.offset + 1 >= left.at(m.partition)) left.erase(m.partition);
  };
  wait_until("a message does not come", [&] {
    while (!left.empty()) {
      const owned<rd_kafka_message_t> m{rd_kafka_consume_queue(queue.get(), 100)};
      if (!m || m->err != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
      take(*m);
    }
    return true;
  });
  for (const auto& [p, high] : started) rd_kafka_consume_stop(t.get(), p);
  std::vector<record> out;
  for (auto& [p, records] : found_in) std::ranges::move(records, std::back_inserter(out));
  return out;
}

}  // namespace kafka_tests
