#pragma once

#include <QProcess>
#include <QStringList>
#include <memory>
#include <string>

#include "text_rig.hpp"

namespace plugin_tests {

/// Committed lines of the CSV files in a folder, without their headers, by file.
[[nodiscard]] QStringList committed_lines(const QString& folder);

/// What a producer would write into a snapshot.
[[nodiscard]] std::string position_of(millrace::testing::text_rig& rig);

/// A producer that is open, at a position; empty: at its beginning. Ends the test program when it cannot be had.
[[nodiscard]] std::unique_ptr<millrace::testing::text_rig> opened(const millrace::testing::text_rig::setting& s,
                                                                  const std::string& position = {});

/// An actor configured with `name=value` parameters, to hear what it says of them.
[[nodiscard]] millrace::testing::text_rig configured(const QString& id, const QStringList& params,
                                                     const std::string& input_fields);

/// `millrace run`, killed and started again with the same arguments.
class restartable_run {
public:
  explicit restartable_run(QStringList arguments);
  /// SIGKILL, then the next one.
  void kill_and_restart();
  /// SIGSTOP: returns when none of its threads runs any more.
  void pause();
  void go_on();
  /// Asks it to stop; false: it did not within a minute.
  [[nodiscard]] bool stop();

private:
  void start();

  QStringList arguments_;
  std::unique_ptr<QProcess> process_;
};

}  // namespace plugin_tests
