#pragma once

#include <QDir>
#include <QFile>
#include <QStringList>
#include <QTemporaryDir>
#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <string>
#include <thread>

#include "millrace/transport/control_client.hpp"
#include "node/node.hpp"

namespace millrace::test {

/// A node in this process with its own data folder, and a client at its local socket.
class hosted_node {
public:
  using log = std::function<void(log_level, const std::string&)>;
  explicit hosted_node(
      std::string data_dir, log to = [](log_level, const std::string&) {})
      : data_dir_{std::move(data_dir)}, log_{std::move(to)} {
    begin();
  }
  ~hosted_node() { end(); }
  hosted_node(const hosted_node&) = delete;
  hosted_node& operator=(const hosted_node&) = delete;

  /// As a signal does it. Nobody can be asked any more.
  void stop() {
    over_.release();
    working_.join();
  }
  void restart(bool begins_at_rest = false) {
    end();
    begin(begins_at_rest);
  }
  [[nodiscard]] result<nlohmann::json> ask(const std::string& verb,
                                           nlohmann::json args = nlohmann::json::object()) const {
    return client_->call(verb, args, std::chrono::seconds{20});
  }
  [[nodiscard]] const node::node& itself() const noexcept { return *node_; }
  /// It ended because an actor's policy wants it.
  [[nodiscard]] bool is_escalated() const noexcept { return is_escalated_; }
  /// The message of what must be refused; empty when it was not.
  [[nodiscard]] QByteArray refusal(const std::string& verb, nlohmann::json args) const {
    const auto answer = ask(verb, std::move(args));
    return answer ? QByteArray{} : QByteArray::fromStdString(answer.error().message);
  }
  /// What is known of a topology; null while the node does not answer.
  [[nodiscard]] nlohmann::json status(const std::string& topology) const {
    auto answer = ask("status", {{"topology", topology}});
    return answer ? *std::move(answer) : nlohmann::json{};
  }
  [[nodiscard]] std::string state(const std::string& topology) const { return status(topology).value("state", ""); }
  [[nodiscard]] std::uint64_t epoch(const std::string& topology) const {
    return status(topology).value("last_epoch", std::uint64_t{0});
  }
  /// Of all tasks of an actor.
  [[nodiscard]] std::uint64_t sum(const std::string& topology, const std::string& actor, const char* number) const {
    std::uint64_t all = 0;
    const auto now = status(topology);
    for (const auto& t : now.value("tasks", nlohmann::json::array())) {
      if (t["actor"] == actor) all += t[number].get<std::uint64_t>();
    }
    return all;
  }

private:
  void begin(bool begins_at_rest = false) {
    auto opened = node::node::open(
        {.name = "trial", .data_dir = data_dir_, .threads = 2, .begins_at_rest = begins_at_rest, .log = log_});
    if (!opened) qFatal("%s", opened.error().message.c_str());
    node_ = *std::move(opened);
    working_ = std::thread{[this] {
      const auto how = node_->work([this](std::chrono::milliseconds t) { return over_.try_acquire_for(t); });
      is_escalated_ = how == node::node::ending::escalated;
    }};
    sockets_ = std::make_unique<transport::zmq_context>(*transport::zmq_context::open(16));
    auto client = transport::control_client::connect(*sockets_, node_->address(), std::chrono::seconds{20});
    if (!client) qFatal("%s", client.error().message.c_str());
    client_ = *std::move(client);
  }
  void end() {
    client_.reset();
    sockets_.reset();
    if (working_.joinable()) stop();
    node_.reset();
  }

  std::string data_dir_;
  log log_;
  std::unique_ptr<node::node> node_;
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<transport::control_client> client_;
  std::thread working_;
  std::binary_semaphore over_{0};
  std::atomic<bool> is_escalated_{false};
};

/// Committed lines of a file sink, headers left out, sorted. `up_to`: segments of later epochs are left out.
[[nodiscard]] inline QStringList committed(const QString& folder, std::uint64_t up_to = ~std::uint64_t{0}) {
  QStringList lines;
  const QDir dir{folder};
  for (const auto& name : dir.entryList({QStringLiteral("*.csv")}, QDir::Files)) {
    if (name.chopped(4).section(QLatin1Char('-'), 2, 2).toULongLong() > up_to) continue;
    QFile file{dir.filePath(name)};
    if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read %s", qPrintable(name));
    auto found = QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    if (!found.isEmpty()) found.removeFirst();
    lines += found;
  }
  lines.sort();
  return lines;
}

}  // namespace millrace::test
