#include <QTest>

#include "command_process.hpp"
#include "connection.hpp"
#include "server.hpp"

using millrace::test::run_command;

/// The plugin as users have it: a shared object that the command loads, and the sample.
class postgresql_command_test : public QObject {
  Q_OBJECT
private slots:
  void runsTheSample() {
    const postgresql_tests::server server;
    const auto connection = QString::fromStdString(server.connection());
    QTemporaryDir data;
    const auto ended = run_command({"--plugins", PLUGINS, "run", SAMPLE, "--data-dir", data.path(), "--set",
                                    "stored.connection=" + connection, "--set", "newest.connection=" + connection});
    QVERIFY2(ended.exit_code == 0, ended.err);
    millrace::postgresql::connection db{server.connection(), "test"};
    QVERIFY(db.open());
    const auto stored = db.run("SELECT count(*), sum(amount) FROM orders");
    QCOMPARE(std::string{stored->at(0, 0)}, std::string{"5"});
    QCOMPARE(std::string{stored->at(0, 1)}, std::string{"153.25"});
    const auto newest = db.run("SELECT string_agg(customer || number, ',' ORDER BY customer) FROM newest_orders");
    QCOMPARE(std::string{newest->at(0, 0)}, std::string{"ada3,bob5,cyd4"});
  }
};

QTEST_GUILESS_MAIN(postgresql_command_test)
#include "command_test.moc"
