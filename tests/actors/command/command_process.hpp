#pragma once

#include <QByteArray>
#include <QProcess>
#include <QStringList>
#include <QTemporaryDir>
#include <nlohmann/json.hpp>
#include <vector>

namespace millrace::test {

/// How a finished command ended and what it printed.
struct command_output {
  int exit_code = -1;
  bool crashed = false;
  QByteArray out;
  QByteArray err;

  /// Standard output as JSON, one document a line; a line that is none fails the reading.
  [[nodiscard]] std::vector<nlohmann::json> json_lines() const;
};

/// Runs `millrace` with these arguments to its end, at most a minute.
[[nodiscard]] command_output run_command(const QStringList& arguments);
/// Starts it and returns at once.
void start_command(QProcess& process, const QStringList& arguments);
/// Waits for the end of a started one.
[[nodiscard]] command_output finish_command(QProcess& process);

/// A folder with a topology in it: a generator of `count` numbered events, two keyed counters, a file sink.
class topology_folder {
public:
  explicit topology_folder(int count, int rate = 0);
  [[nodiscard]] QString file() const { return folder_.filePath("numbers.mill"); }
  [[nodiscard]] QString data_dir() const { return folder_.filePath("numbers.data"); }
  [[nodiscard]] QString path(const QString& name) const { return folder_.filePath(name); }
  void write(const QString& name, const QByteArray& text) const;
  /// Committed lines of the file sink, headers left out, sorted.
  [[nodiscard]] QStringList output() const;

private:
  QTemporaryDir folder_;
};

}  // namespace millrace::test
