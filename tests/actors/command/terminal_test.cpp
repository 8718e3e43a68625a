#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTest>
#include <array>
#include <cstdlib>

#include "command_process.hpp"

using millrace::test::topology_folder;

namespace {

constexpr auto hide_cursor = "\x1b[?25l";
constexpr auto show_cursor = "\x1b[?25h";

/// `millrace run` on a terminal of its own, 80 by 24 cells.
class terminal_run {
public:
  terminal_run(const topology_folder& folder, bool is_colour_refused) {
    winsize size{24, 80, 0, 0};
    const auto file = folder.file().toLocal8Bit();
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    ::setenv("TERM", "xterm-256color", 1);
    ::setenv("NO_COLOR", is_colour_refused ? "1" : "", 1);
    ::execl(MILLRACE_COMMAND, "millrace", "run", file.constData(), nullptr);
    ::_exit(127);
  }
  ~terminal_run() {
    if (!is_over_) ::kill(pid_, SIGKILL);
    if (!is_over_) ::waitpid(pid_, nullptr, 0);
    ::close(terminal_);
  }
  terminal_run(const terminal_run&) = delete;
  terminal_run& operator=(const terminal_run&) = delete;

  /// Reads on until `text` was shown; false when it ended without.
  bool shows(const char* text) {
    while (!shown_.contains(text)) {
      if (!read_some()) return false;
    }
    return true;
  }
  /// The exit code, once everything was read.
  int end() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    is_over_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void send(int signal) const { ::kill(pid_, signal); }
  [[nodiscard]] const QByteArray& shown() const { return shown_; }

private:
  bool read_some() {
    constexpr int silence_ms_max = 20'000;
    pollfd watched{terminal_, POLLIN, 0};
    if (::poll(&watched, 1, silence_ms_max) <= 0) return false;
    std::array<char, 4096> bytes{};
    const auto n = ::read(terminal_, bytes.data(), bytes.size());
    if (n <= 0) return false;
    shown_.append(bytes.data(), static_cast<qsizetype>(n));
    return true;
  }

  pid_t pid_ = -1;
  int terminal_ = -1;
  bool is_over_ = false;
  QByteArray shown_;
};

}  // namespace

/// The live table as a terminal gets it.
class terminal_test : public QObject {
  Q_OBJECT

private slots:
  void theTableStaysUntilCtrlCAndGivesTheCursorBack() {
    const topology_folder folder{1'000'000'000, 1'000};
    terminal_run run{folder, false};
    QVERIFY2(run.shows("count/1"), run.shown());
    QVERIFY2(run.shows("● running"), run.shown());
    run.send(SIGINT);
    QCOMPARE(run.end(), 0);
    QVERIFY(run.shown().contains("\x1b[32m"));
    QVERIFY2(run.shown().lastIndexOf(show_cursor) > run.shown().lastIndexOf(hide_cursor), run.shown());
    QVERIFY2(run.shown().contains("to resume"), run.shown());
  }
  void noColorIsRespected() {
    const topology_folder folder{100};
    terminal_run run{folder, true};
    QCOMPARE(run.end(), 0);
    QVERIFY(run.shown().contains(hide_cursor));
    for (const auto* colour : {"\x1b[32m", "\x1b[2m", "\x1b[1m"}) QVERIFY(!run.shown().contains(colour));
  }
  void evenTheSecondSignalGivesTheCursorBack() {
    const topology_folder folder{1'000'000'000, 1'000};
    terminal_run run{folder, false};
    QVERIFY2(run.shows("● running"), run.shown());
    run.send(SIGINT);
    run.send(SIGTERM);
    QCOMPARE(run.end(), 1);
    QVERIFY(run.shown().lastIndexOf(show_cursor) > run.shown().lastIndexOf(hide_cursor));
  }
};

QTEST_GUILESS_MAIN(terminal_test)
#include "terminal_test.moc"
