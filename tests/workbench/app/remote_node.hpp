#pragma once

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QDir>
#include <QProcess>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/text.hpp"
#include "free_address.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::workbench::testing {

/// A node as it runs on another machine: a process of its own, with folders of its own, reached by a key. The test asks
/// it by its local socket. Ended with this object.
class RemoteNode {
public:
  /// `folder`: below it is everything the node keeps.
  RemoteNode(QString name, const QString& folder)
      : m_name{std::move(name)}, m_folder{folder + QLatin1Char('/') + m_name} {}
  ~RemoteNode() { stop(); }
  RemoteNode(const RemoteNode&) = delete;
  RemoteNode& operator=(const RemoteNode&) = delete;

  /// False: it did not come up. The second time it is at the same addresses.
  [[nodiscard]] bool start() {
    // Between the look for a free port and the node's start somebody else may have taken it.
    for (int attempt = 0; attempt < attemptsMax; ++attempt) {
      if (launch()) return m_wasUp = true;
      stop();
      if (m_wasUp) continue;
      m_address = support::free_address();
      m_link = support::free_address();
    }
    return false;
  }
  void stop() {
    m_client.reset();
    if (m_process == nullptr) return;
    m_process->terminate();
    if (!m_process->waitForFinished(20'000)) m_process->kill();
    m_process->waitForFinished();
    m_process.reset();
  }
  /// As a machine without power.
  void kill() {
    m_client.reset();
    m_process->kill();
    m_process->waitForFinished();
    m_process.reset();
  }

  [[nodiscard]] nlohmann::json call(const char* verb, const nlohmann::json& args = nlohmann::json::object()) {
    auto answer = m_client->call(verb, args, std::chrono::seconds{20});
    return answer ? *answer : nlohmann::json{{"error", answer.error().message}};
  }
  [[nodiscard]] QString invite(const char* holder, const char* role) {
    return toQt(call("key_invite", {{"name", holder}, {"role", role}}).value("token", ""));
  }
  /// As its administrator does on its machine. False: it was refused.
  [[nodiscard]] bool join(const std::string& token) {
    QProcess join;
    join.setProcessEnvironment(m_process->processEnvironment());
    join.start(QStringLiteral(MILLRACE_COMMAND), {QStringLiteral("node"), QStringLiteral("join"), toQt(token)});
    return join.waitForFinished(60'000) && join.exitCode() == 0;
  }
  [[nodiscard]] std::string state(const std::string& topology) {
    return call("status", {{"topology", topology}}).value("state", "");
  }
  [[nodiscard]] const std::string& address() const noexcept { return m_address; }
  [[nodiscard]] const std::string& socket() const noexcept { return m_socket; }

private:
  static constexpr int attemptsMax = 5;
  [[nodiscard]] bool launch() {
    QDir{}.mkpath(m_folder + QStringLiteral("/run"));
    ::chmod(qPrintable(m_folder + QStringLiteral("/run")), 0700);
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), m_folder + QStringLiteral("/run"));
    m_process = std::make_unique<QProcess>();
    m_process->setProcessEnvironment(environment);
    m_process->setStandardErrorFile(m_folder + QStringLiteral("/log"));
    m_process->start(QStringLiteral(MILLRACE_COMMAND),
                     {QStringLiteral("node"), QStringLiteral("run"), QStringLiteral("--name"), m_name,
                      QStringLiteral("--data-dir"), m_folder + QStringLiteral("/data"), QStringLiteral("--listen"),
                      toQt(m_address), QStringLiteral("--link"), toQt(m_link)});
    QByteArray output;
    for (int begin = -1; begin < 0 || output.indexOf('\n', begin) < 0;
         begin = static_cast<int>(output.indexOf("ipc://"))) {
      if (!m_process->waitForReadyRead(60'000)) return false;
      output += m_process->readAllStandardOutput();
    }
    const auto begin = output.indexOf("ipc://");
    m_socket = output.mid(begin, output.indexOf('\n', begin) - begin).trimmed().toStdString();
    auto connected = transport::control_client::connect(m_context, m_socket, std::chrono::seconds{20});
    if (connected) m_client = *std::move(connected);
    return m_client != nullptr;
  }

  const QString m_name, m_folder;
  std::string m_address = support::free_address(), m_link = support::free_address();
  bool m_wasUp = false;
  std::string m_socket;
  std::unique_ptr<QProcess> m_process;
  transport::zmq_context m_context = std::move(*transport::zmq_context::open(0));
  std::unique_ptr<transport::control_client> m_client;
};

}  // namespace millrace::workbench::testing
