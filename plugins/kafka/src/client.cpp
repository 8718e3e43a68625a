#include "client.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace millrace::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto answer_time_max = 2s;
constexpr std::size_t words_max = 512;  // librdkafka's messages
constexpr std::uintmax_t file_bytes_max = 256U << 10U;

/// What guarantees rest on.
constexpr std::array decided{"bootstrap.servers",
                             "metadata.broker.list",
                             "group.id",
                             "enable.auto.commit",
                             "enable.auto.offset.store",
                             "auto.offset.reset",
                             "enable.partition.eof",
                             "isolation.level",
                             "enable.idempotence",
                             "acks",
                             "request.required.acks",
                             "transactional.id",
                             "message.timeout.ms",
                             "delivery.timeout.ms",
                             "max.in.flight",
                             "enable.gapless.guarantee",
                             "partitioner",
                             "plugin.library.paths",
                             "queue.buffering.max.messages",
                             "queue.buffering.max.kbytes"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

error wrong_line(const std::string& file, std::size_t line, const std::string& what) {
  return user_error(errc::invalid_argument,
                    "parameter 'settings_file': " + file + ":" + std::to_string(line) + ": " + what);
}

result<std::vector<setting>> read_settings(const std::string& file) {
  std::error_code code;
  const auto size = std::filesystem::file_size(file, code);
  std::ifstream in{code ? std::string{} : file};
  if (!in) return user_error(errc::io_error, "parameter 'settings_file': '" + file + "' cannot be read");
  if (size > file_bytes_max) return wrong_line(file, 1, "too much for settings");
  std::vector<setting> out;
  std::string text;
  for (std::size_t n = 1; std::getline(in, text); ++n) {
    const auto line = trimmed(text);
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    // The line may hold a password: it is not shown.
    if (equals == std::string_view::npos) return wrong_line(file, n, "expected name=value, as librdkafka has them");
    const std::string name{trimmed(line.substr(0, equals))};
    if (std::ranges::find(decided, name) != decided.end())
      return wrong_line(file, n, "'" + name + "' is the actor's to set: what it guarantees rests on it");
    out.emplace_back(name, trimmed(line.substr(equals + 1)));
  }
  return out;
}

bool may_pass(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return false;
    default:
      return true;
  }
}

}  // namespace

cluster_params::cluster_params(actor* owner)
    : brokers{owner, "brokers", "127.0.0.1:9092", {.help = "Some of the cluster's brokers: host:port,host:port."}},
      topic{owner, "topic", "", {.required = true, .help = "The topic; must be there."}},
      settings_file{owner,
                    "settings_file",
                    "",
                    {.is_path = true,
                     .help = "A file with settings of librdkafka, name=value a line: security.protocol and the like; "
                             "empty: none."}},
      outage{owner} {}

result<std::vector<setting>> settings_of(const cluster_params& p, std::vector<setting> own) {
  for (const auto* text : {&p.brokers, &p.topic}) {
    if ((*text)->empty()) return user_error(errc::invalid_argument, "parameter '" + text->name() + "' is empty");
  }
  own.emplace_back("bootstrap.servers", *p.brokers);
  own.emplace_back("client.id", "millrace");
  if (p.settings_file->empty()) return own;
  auto more = read_settings(*p.settings_file);
  if (!more) return more;
  own.insert(own.end(), more->begin(), more->end());
  return own;
}

result<std::unique_ptr<client>> client::make(rd_kafka_type_t type, const std::vector<setting>& settings,
                                             const std::string& topic, void* opaque,
                                             void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*)) {
  std::array<char, words_max> words{};
  std::unique_ptr<rd_kafka_conf_t, deleter<rd_kafka_conf_t, rd_kafka_conf_destroy>> conf{rd_kafka_conf_new()};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), words.data(), words.size()) == RD_KAFKA_CONF_OK)
      continue;
    // The library repeats the value, which may be a password.
    return user_error(errc::invalid_argument, "librdkafka does not take the setting '" + name +
                                                  "' as it is: see its list of settings for what it may be");
  }
  std::unique_ptr<client> made{new client};
  made->opaque_ = opaque;
  made->on_delivery_ = on_delivery;
  rd_kafka_conf_set_opaque(conf.get(), made.get());
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  if (on_delivery != nullptr) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t* h, const rd_kafka_message_t* m, void* self) {
      auto& c = *static_cast<client*>(self);
      c.on_delivery_(h, m, c.opaque_);
    });
  }
  made->handle_ = rd_kafka_new(type, conf.get(), words.data(), words.size());
  if (made->handle_ == nullptr)
    return user_error(errc::invalid_argument, "librdkafka makes no client: " + std::string{words.data()});
  (void)conf.release();
  made->topic_.reset(rd_kafka_topic_new(made->handle_, topic.c_str(), nullptr));
  if (made->topic_ == nullptr)
    return user_error(errc::invalid_argument,
                      "parameter 'topic': '" + topic + "': " + rd_kafka_err2str(rd_kafka_last_error()));
  return made;
}

client::~client() {
  if (handle_ == nullptr) return;
  (void)rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  topic_.reset();
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void client::on_error(rd_kafka_t* handle, int code, const char* reason, void* self) {
  auto& c = *static_cast<client*>(self);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, words_max> words{};
    (void)rd_kafka_fatal_error(handle, words.data(), words.size());
    c.fatal_ = words.data();
    return;
  }
  const auto known = static_cast<rd_kafka_resp_err_t>(code);
  if (known == RD_KAFKA_RESP_ERR__AUTHENTICATION) c.fatal_ = reason;
  c.trouble_ = reason;
}

result<std::int32_t> client::partitions() const {
  const rd_kafka_metadata_t* found = nullptr;
  const auto limit = static_cast<int>(std::chrono::milliseconds{answer_time_max}.count());
  auto code = rd_kafka_metadata(handle_, 0, topic_.get(), &found, limit);
  std::int32_t count = 0;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    code = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) count = found->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(found);
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && count > 0) return count;
  const auto what = std::string{"the topic '"} + rd_kafka_topic_name(topic_.get()) +
                    "': " + (code == RD_KAFKA_RESP_ERR_NO_ERROR ? "it has no partitions" : rd_kafka_err2str(code));
  if (may_pass(code)) return retryable_error(errc::unavailable, what);
  return fatal_error(errc::failed, what);
}

}  // namespace millrace::kafka
