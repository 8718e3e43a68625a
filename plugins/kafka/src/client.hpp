#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/param.hpp"
#include "millrace/source_params.hpp"

namespace millrace::kafka {

/// What both actors are told about a cluster.
struct cluster_params {
  explicit cluster_params(actor* owner);

  param<std::string> brokers;
  param<std::string> topic;
  param<std::string> settings_file;
  outage_watch outage;
};

using setting = std::pair<std::string, std::string>;

/// The settings of the actor and those of its file, in that order. Errors name the parameter: it has no brokers or no
/// topic, the file cannot be read, has a line that is no `name=value`, or sets what the actor decides.
[[nodiscard]] result<std::vector<setting>> settings_of(const cluster_params& p, std::vector<setting> own);

template <class T, void (*Destroy)(T*)>
struct deleter {
  void operator()(T* t) const noexcept { Destroy(t); }
};
using topic_ptr = std::unique_ptr<rd_kafka_topic_t, deleter<rd_kafka_topic_t, rd_kafka_topic_destroy>>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, deleter<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using message_ptr = std::unique_ptr<rd_kafka_message_t, deleter<rd_kafka_message_t, rd_kafka_message_destroy>>;

/// A client of a cluster. Its own threads connect, and again when a connection is lost; nothing waits for them but the
/// calls that say so. Calls back in `serve`. Thread: one owner.
class client {
public:
  /// `on_delivery`: of producers, with the message's opaque. Errors: a setting that librdkafka does not take.
  [[nodiscard]] static result<std::unique_ptr<client>> make(rd_kafka_type_t type, const std::vector<setting>& settings,
                                                            const std::string& topic, void* opaque,
                                                            void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*,
                                                                                void*));
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  /// Drops what is on its way; waits for the library's threads, which takes some ms.
  ~client();

  [[nodiscard]] rd_kafka_t* handle() const noexcept { return handle_; }
  [[nodiscard]] rd_kafka_topic_t* topic() const noexcept { return topic_.get(); }
  /// Waits at most `limit` for something to call back for.
  void serve(std::chrono::milliseconds limit) { (void)rd_kafka_poll(handle_, static_cast<int>(limit.count())); }
  /// Asks the cluster how many partitions the topic has; waits at most 2 s. Errors: retryable when nobody answers or
  /// there is no such topic yet; else it is refused.
  [[nodiscard]] result<std::int32_t> partitions() const;

  /// What the library said went wrong with its connections since the last call.
  [[nodiscard]] std::optional<std::string> take_trouble() { return std::exchange(trouble_, std::nullopt); }
  /// It cannot go on.
  [[nodiscard]] const std::optional<std::string>& fatal() const noexcept { return fatal_; }

private:
  client() = default;
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* self);
  static void on_log(const rd_kafka_t*, int, const char*, const char*) {}

  rd_kafka_t* handle_ = nullptr;
  topic_ptr topic_;
  std::optional<std::string> trouble_;
  std::optional<std::string> fatal_;
  void* opaque_ = nullptr;
  void (*on_delivery_)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
};

}  // namespace millrace::kafka
