#include "plugin_rig.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <QDir>
#include <QFile>

#include "command_process.hpp"

using millrace::testing::text_rig;

namespace plugin_tests {

QStringList committed_lines(const QString& folder) {
  QStringList lines;
  for (const auto& name : QDir{folder}.entryList({"*.csv"}, QDir::Files, QDir::Name)) {
    QFile file{folder + "/" + name};
    if (!file.open(QIODevice::ReadOnly)) continue;
    auto found = QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts);
    if (!found.isEmpty()) found.removeFirst();
    lines += found;
  }
  return lines;
}

std::string position_of(text_rig& rig) {
  millrace::byte_buffer out;
  millrace::msgpack::writer w{out};
  rig.as<millrace::producer>().save_position(w);
  return std::string{millrace::as_text(out.view())};
}

std::unique_ptr<text_rig> opened(const text_rig::setting& s, const std::string& position) {
  auto rig = std::make_unique<text_rig>(s);
  if (!rig->problem().empty()) qFatal("%s", rig->problem().c_str());
  millrace::msgpack::reader in{millrace::as_bytes(position)};
  if (!position.empty() && !rig->as<millrace::producer>().load_position(in)) qFatal("unreadable");
  rig->as<>().open(rig->ctx());
  return rig;
}

text_rig configured(const QString& id, const QStringList& params, const std::string& input_fields) {
  text_rig::setting s{.id = id.toStdString(), .input_fields = input_fields};
  for (const auto& p : params) s.params[p.section('=', 0, 0).toStdString()] = p.section('=', 1).toStdString();
  return text_rig{s};
}

restartable_run::restartable_run(QStringList arguments) : arguments_{std::move(arguments)} {
  start();
}

void restartable_run::start() {
  process_ = std::make_unique<QProcess>();
  millrace::test::start_command(*process_, arguments_);
}

void restartable_run::kill_and_restart() {
  process_->kill();
  process_->waitForFinished();
  start();
}

void restartable_run::pause() {
  const auto pid = static_cast<pid_t>(process_->processId());
  ::kill(pid, SIGSTOP);
  siginfo_t seen{};
  ::waitid(P_PID, static_cast<id_t>(pid), &seen, WSTOPPED | WEXITED | WNOWAIT);
}

void restartable_run::go_on() {
  ::kill(static_cast<pid_t>(process_->processId()), SIGCONT);
}

bool restartable_run::stop() {
  process_->terminate();
  return process_->waitForFinished(60'000);
}

}  // namespace plugin_tests
