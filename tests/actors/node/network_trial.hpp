#pragma once

// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"
#include "millrace/transport/control_client.hpp"
#include "node/node.hpp"

#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <chrono>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

namespace millrace::test {

/// What tests of a node that listens on the network have in common: the node, made anew for each, keys that it knows,
/// and clients with them. Tests call `begin` and `end` in their `init` and `cleanup`.
class network_trial : public QObject {
protected:
  using json = nlohmann::json;
  using client_ptr = std::unique_ptr<transport::control_client>;
  static constexpr std::chrono::seconds patience{20};

  network_trial() {
    link_library();
    qputenv("XDG_RUNTIME_DIR", runtime_.path().toUtf8());
    sockets_ = std::make_unique<transport::zmq_context>(*transport::zmq_context::open(128));
  }

  /// Of a folder that is new.
  void begin_anew() {
    folder_ = std::make_unique<QTemporaryDir>();
    begin();
  }
  void begin() {
    auto opened = node::node::open({.name = "access",
                                    .data_dir = data_dir(),
                                    .threads = 1,
                                    .listen = "tcp://127.0.0.1:*",
                                    .metrics = metrics_,
                                    .alerts = alerts_,
                                    .denials_noted = denials_noted_,
                                    .log = log_});
    if (!opened) qFatal("%s", opened.error().message.c_str());
    node_ = *std::move(opened);
    working_ = std::thread{
        [this] { (void)node_->work([this](std::chrono::milliseconds t) { return over_.try_acquire_for(t); }); }};
  }
  void end() {
    over_.release();
    working_.join();
    node_.reset();
  }

  [[nodiscard]] std::string data_dir() const { return folder_->path().toStdString(); }
  [[nodiscard]] client_ptr local() {
    auto c = transport::control_client::connect(*sockets_, node_->address(), patience);
    if (!c) qFatal("%s", c.error().message.c_str());
    return *std::move(c);
  }
  /// A key of this role that the node knows. `limits`: `topologies`, `topics`.
  transport::remote_keys key(const std::string& name, const char* role, const json& limits = json::object()) {
    transport::remote_keys keys{node_->public_key(), *transport::make_curve_keys()};
    json args{{"name", name}, {"role", role}, {"public_key", keys.own.public_key}};
    args.update(limits);
    const auto made = local()->call("key_create", args, patience);
    if (!made) qFatal("%s", made.error().message.c_str());
    return keys;
  }
  [[nodiscard]] result<client_ptr> connect(const transport::remote_keys& keys,
                                           std::chrono::milliseconds timeout = patience) {
    return transport::control_client::connect(*sockets_, node_->remote_address(), timeout, keys);
  }
  /// With a key made for it.
  [[nodiscard]] client_ptr client(const std::string& name, const char* role, const json& limits = json::object()) {
    auto connected = connect(key(name, role, limits));
    if (!connected) qFatal("%s", connected.error().message.c_str());
    return *std::move(connected);
  }
  [[nodiscard]] QString audit_file() const { return QString::fromStdString(data_dir() + "/audit.log"); }
  [[nodiscard]] qint64 audit_bytes() const { return QFile{audit_file()}.size(); }
  /// Its entries, those behind so many bytes.
  [[nodiscard]] std::vector<json> audit(qint64 from = 0) const {
    QFile file{audit_file()};
    std::vector<json> lines;
    if (!file.open(QIODevice::ReadOnly) || !file.seek(from)) return lines;
    for (const auto& line : file.readAll().split('\n')) {
      if (!line.isEmpty()) lines.push_back(json::parse(line.toStdString()));
    }
    return lines;
  }

  QTemporaryDir runtime_;
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<node::node> node_;
  std::string alerts_;   ///< file of rules; empty: none
  std::string metrics_;  ///< HOST:PORT; empty: none
  std::function<void(log_level, const std::string&)> log_ = [](log_level, const std::string&) {};
  std::uint64_t denials_noted_ = node::gatekeeper::denials_noted_usual;
  std::thread working_;
  std::binary_semaphore over_{0};
};

}  // namespace millrace::test
