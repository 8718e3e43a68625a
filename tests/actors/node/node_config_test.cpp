#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <cstring>

#include "command/node_settings.hpp"

using namespace millrace;
using command::node_settings;

/// The configuration file of a node, and what the node tells systemd.
class node_config_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  [[nodiscard]] std::string written(const QByteArray& text) {
    QFile file{folder_.filePath("node.toml")};
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(text) < 0) qFatal("cannot write");
    return file.fileName().toStdString();
  }
  [[nodiscard]] result<node_settings> read(const QByteArray& text, const std::string& options = {}) {
    CLI::App app;
    node_settings s;
    add_node_run_options(app, s);
    app.parse(options);
    auto done = read_node_config(written(text), app, s);
    return done ? result<node_settings>{s} : result<node_settings>{done.error()};
  }

private slots:
  void everyKeyIsTaken() {
    const auto s = read(
        "name = \"east-1\"\n"
        "data_dir = \"/var/lib/millrace\"\n"
        "threads = 4\n"
        "retain_disk = 9\n"
        "listen = \"tcp://0.0.0.0:7423\"\n"
        "address = \"tcp://east-1:7423\"\n"
        "link = \"tcp://0.0.0.0:7424\"\n"
        "log = \"/var/log/millrace.log\"\n"
        "log_format = \"json\"\n"
        "verbose = true\n"
        "plugins = [\"/a\", \"/b\"]\n"
        "trusted_plugins = [\"00112233445566778899aabbccddeeff00112233\"]\n"
        "[labels]\n"
        "zone = \"east\"\n"
        "disk = \"ssd\"\n");
    QVERIFY2(s.has_value(), s ? "" : s.error().message.c_str());
    QCOMPARE(s->name, std::string{"east-1"});
    QCOMPARE(s->data_dir, std::string{"/var/lib/millrace"});
    QCOMPARE(s->threads, std::uint64_t{4});
    QCOMPARE(s->retain_disk_gib, std::uint64_t{9});
    QCOMPARE(s->listen, std::string{"tcp://0.0.0.0:7423"});
    QCOMPARE(s->address, std::string{"tcp://east-1:7423"});
    QCOMPARE(s->link, std::string{"tcp://0.0.0.0:7424"});
    QCOMPARE(s->log_file, std::string{"/var/log/millrace.log"});
    QCOMPARE(s->log_format, std::string{"json"});
    QVERIFY(s->is_verbose);
    QCOMPARE(s->plugin_folders.size(), std::size_t{2});
    QCOMPARE(s->trusted_plugins, std::vector{std::string{"00112233445566778899aabbccddeeff00112233"}});
    QCOMPARE(s->labels().at("zone"), std::string{"east"});
    QCOMPARE(s->labels().size(), std::size_t{2});
  }

  void optionsOverrideIt() {
    const auto s =
        read("name = \"file\"\nthreads = 4\nlog_format = \"json\"\nlisten = \"tcp://h:1\"\n[labels]\na = \"1\"\n",
             "--name given --label b=2 --log-format text");
    QCOMPARE(s->log_format, std::string{"text"});
    QCOMPARE(s->name, std::string{"given"});
    QCOMPARE(s->threads, std::uint64_t{4});
    QCOMPARE(s->labels().size(), std::size_t{1});
    QCOMPARE(s->labels().at("b"), std::string{"2"});
  }

  void whatIsWrongIsNamedWithItsLine_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("unknown key") << QByteArray{"name = \"a\"\n\nnmae = 1\n"}
                                 << QByteArray{":3: there is no key 'nmae'"};
    QTest::newRow("unknown table") << QByteArray{"name = \"a\"\n[lables]\n"}
                                   << QByteArray{":2: there is no key 'lables'"};
    QTest::newRow("number for text") << QByteArray{"\nname = 1\n"} << QByteArray{":2: 'name' is a text"};
    QTest::newRow("text for number") << QByteArray{"threads = \"4\"\n"} << QByteArray{":1: 'threads' is a number"};
    QTest::newRow("too many") << QByteArray{"threads = 5000\n"}
                              << QByteArray{":1: 'threads' is a number from 0 to 1024"};
    QTest::newRow("less than none") << QByteArray{"threads = -1\n"} << QByteArray{":1: 'threads'"};
    QTest::newRow("number for flag") << QByteArray{"verbose = 1\n"} << QByteArray{":1: 'verbose' is true or false"};
    QTest::newRow("text for list") << QByteArray{"plugins = \"/a\"\n"} << QByteArray{":1: 'plugins' is a list"};
    QTest::newRow("numbers in a list") << QByteArray{"plugins = [1]\n"} << QByteArray{":1: 'plugins' is a list"};
    QTest::newRow("build that is none") << QByteArray{"\ntrusted_plugins = [\"0123\"]\n"}
                                        << QByteArray{":2: '0123' is no build id"};
    QTest::newRow("format that is none") << QByteArray{"\nlog_format = \"xml\"\n"}
                                         << QByteArray{":2: 'xml' is no format of a log; there are text and json"};
    QTest::newRow("number for a format") << QByteArray{"log_format = 1\n"} << QByteArray{":1: 'log_format' is a text"};
    QTest::newRow("label that is none") << QByteArray{"[labels]\nzone = 4\n"} << QByteArray{":2: label 'zone'"};
    QTest::newRow("labels that are none") << QByteArray{"labels = 4\n"} << QByteArray{":1: 'labels' is a table"};
    QTest::newRow("no TOML") << QByteArray{"name = \"a\"\nthreads 4\n"} << QByteArray{":2: "};
    QTest::newRow("twice") << QByteArray{"name = \"a\"\nname = \"b\"\n"} << QByteArray{":2: "};
  }
  void whatIsWrongIsNamedWithItsLine() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, says);
    const auto s = read(text);
    QVERIFY(!s);
    QVERIFY2(s.error().message.find("node.toml" + says.toStdString()) != std::string::npos, s.error().message.c_str());
  }

  void theDefaultHasEveryKeyAndChangesNothing() {
    const auto text = command::default_node_config();
    const auto as_it_is = read(QByteArray::fromStdString(text));
    QVERIFY(as_it_is.has_value());
    // With the defaults put in, every key is known and of its kind.
    QByteArray put_in;
    for (auto line : QByteArray::fromStdString(text).split('\n')) {
      const bool is_key = line.startsWith("# ") && (line.contains(" = ") || line.startsWith("# ["));
      put_in += (is_key ? line.mid(2) : line) + "\n";
    }
    const auto with_all = read(put_in);
    QVERIFY2(with_all.has_value(), with_all ? "" : with_all.error().message.c_str());
    QCOMPARE(with_all->name, node_settings{}.name);
    QCOMPARE(with_all->threads, node_settings{}.threads);
    QCOMPARE(put_in.count(" = "), qsizetype{20});
  }

  void systemdIsToldWhatIsSo() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    const auto path = folder_.filePath("notify").toStdString();
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    QCOMPARE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const auto told = [&] {
      QByteArray text(2000, '\0');
      const auto size = ::recv(fd, text.data(), static_cast<std::size_t>(text.size()), MSG_DONTWAIT);
      text.resize(size < 0 ? 0 : size);
      return text;
    };
    QProcess node;
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert("NOTIFY_SOCKET", QString::fromStdString(path));
    environment.insert("WATCHDOG_USEC", "300000");
    environment.insert("XDG_RUNTIME_DIR", folder_.path());
    node.setProcessEnvironment(environment);
    const auto config = written("name = \"watched\"\ndata_dir = \"" + folder_.filePath("data").toUtf8() + "\"\n");
    node.start(MILLRACE_COMMAND, {"node", "run", "--config", QString::fromStdString(config)});
    QVERIFY(node.waitForStarted());
    QByteArray all;
    const auto hears = [&](const char* word) {
      all += told();
      return all.contains(word);
    };
    QTRY_VERIFY_WITH_TIMEOUT(hears("READY=1"), 20'000);
    QVERIFY(all.contains("node watched"));
    for (int i = 0; i < 3; ++i) {
      all.clear();
      QTRY_VERIFY_WITH_TIMEOUT(hears("WATCHDOG=1"), 20'000);
    }
    node.terminate();
    QTRY_VERIFY_WITH_TIMEOUT(hears("STOPPING=1"), 20'000);
    QTRY_COMPARE_WITH_TIMEOUT(node.state(), QProcess::NotRunning, 20'000);
    QCOMPARE(node.exitCode(), 0);
    ::close(fd);
  }
};

QTEST_GUILESS_MAIN(node_config_test)
#include "node_config_test.moc"
