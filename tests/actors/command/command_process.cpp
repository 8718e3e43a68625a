#include "command_process.hpp"

#include <signal.h>
#include <sys/prctl.h>

#include <QDir>
#include <QFile>

#include "sanitizer.hpp"

namespace millrace::test {

namespace {

constexpr int end_timeout_ms = 60'000 * tests::patience;

const char* const text_of_topology = R"({
  "millrace": 1,
  "name": "numbers",
  "settings": {"snapshot_interval": "100ms"},
  "actors": [
    {"name": "numbers", "type": "millrace.generator", "params": {"count": %1, "rate": %2, "keys": 50}},
    {"name": "spread", "type": "millrace.by_key"},
    {"name": "count", "type": "millrace.aggregate", "parallelism": 2, "params": {"key": "key", "functions": "count"}},
    {"name": "save", "type": "millrace.file_sink", "params": {"path": "out"}}
  ],
  "streams": [
    "numbers -> spread",
    "spread -> count",
    "count -> save"
  ]
}
)";

}  // namespace

std::vector<nlohmann::json> command_output::json_lines() const {
  std::vector<nlohmann::json> lines;
  for (const auto& line : out.split('\n')) {
    if (!line.isEmpty()) lines.push_back(nlohmann::json::parse(line.toStdString()));
  }
  return lines;
}

void start_command(QProcess& process, const QStringList& arguments) {
  // Whatever ends a test, what it started ends with it.
  process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
  process.start(MILLRACE_COMMAND, arguments);
}

command_output finish_command(QProcess& process) {
  if (!process.waitForFinished(end_timeout_ms)) process.kill();
  process.waitForFinished();
  return {process.exitCode(), process.exitStatus() == QProcess::CrashExit, process.readAllStandardOutput(),
          process.readAllStandardError()};
}

command_output run_command(const QStringList& arguments) {
  QProcess process;
  start_command(process, arguments);
  return finish_command(process);
}

topology_folder::topology_folder(int count, int rate) {
  write("numbers.mill", QString{text_of_topology}.arg(count).arg(rate).toUtf8());
}

void topology_folder::write(const QString& name, const QByteArray& text) const {
  QFile file{path(name)};
  if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write %s", qPrintable(file.fileName()));
  file.write(text);
}

QStringList topology_folder::output() const {
  QStringList lines;
  const QDir folder{path("out")};
  for (const auto& name : folder.entryList({"*.csv"}, QDir::Files)) {
    QFile file{folder.filePath(name)};
    if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read %s", qPrintable(file.fileName()));
    auto found = QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts);
    if (!found.isEmpty()) found.removeFirst();
    lines += found;
  }
  lines.sort();
  return lines;
}

}  // namespace millrace::test
