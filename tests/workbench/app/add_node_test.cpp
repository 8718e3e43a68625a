#include <QDir>
#include <QTest>
#include <optional>

#include "core/text.hpp"
#include "panels/add_node_dialog.hpp"
#include "remote_node.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench {
namespace {

constexpr int patience = 60'000;

}  // namespace

/// Invitations that lead to no key: what is said, and that nothing is left behind. Against a real node process.
class AddNodeTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { m_surroundings.emplace(); }
  void cleanup() { m_surroundings.reset(); }

  void wordsThatAreOfNoUseSayWhy_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("said");
    QTest::newRow("cut") << QStringLiteral("cut") << QStringLiteral("no invitation, or not all of it");
    QTest::newRow("for a node") << QStringLiteral("node") << QStringLiteral("is for another node");
    QTest::newRow("ended") << QStringLiteral("ended") << QStringLiteral("has ended");
    QTest::newRow("used") << QStringLiteral("used") << QStringLiteral("somebody has made a key with this invitation");
    QTest::newRow("guessed") << QStringLiteral("guessed") << QStringLiteral("An invitation that was removed");
    QTest::newRow("nobody there") << QStringLiteral("gone") << QStringLiteral("is the node running there");
  }
  void wordsThatAreOfNoUseSayWhy() {
    QFETCH(QString, kind);
    QFETCH(QString, said);
    testing::RemoteNode far{QStringLiteral("far"), m_surroundings->path({})};
    QVERIFY(far.start());
    auto word = far.invite("ada", "viewer");
    auto token = *transport::join_token_of(toStd(word));
    if (kind == QLatin1String("cut")) word.chop(3);
    if (kind == QLatin1String("node")) word = toQt(far.call("node_invite").value("token", ""));
    if (kind == QLatin1String("ended")) token.ends = std::chrono::sys_seconds{std::chrono::seconds{1'000'000'000}};
    if (kind == QLatin1String("guessed")) token.secret_key = transport::make_curve_keys()->secret_key;
    if (kind == QLatin1String("ended") || kind == QLatin1String("guessed")) word = toQt(to_text(token));
    if (kind == QLatin1String("used")) useElsewhere(token);
    if (kind == QLatin1String("gone")) far.kill();
    AddNodeDialog dialog{m_surroundings->path(QStringLiteral("keys"))};
    dialog.show();
    dialog.word().setText(word);
    dialog.confirmation().setChecked(true);
    dialog.accept();
    QTRY_VERIFY2_WITH_TIMEOUT(dialog.message().contains(said), qPrintable(dialog.message()), patience);
    QVERIFY(dialog.isVisible());
    QVERIFY(QDir{m_surroundings->path(QStringLiteral("keys"))}.entryList(QDir::Files).isEmpty());
  }

private:
  static void useElsewhere(const transport::join_token& token) {
    auto context = std::move(*transport::zmq_context::open(0));
    auto client = transport::control_client::connect(
        context, token.address, std::chrono::seconds{20},
        transport::remote_keys{token.server_key, *transport::curve_keys_of(token.secret_key)});
    QVERIFY(client.has_value());
    QVERIFY((*client)->call("key_accept", {{"public_key", transport::make_curve_keys()->public_key}},
                            std::chrono::seconds{20}));
  }

  std::optional<testing::Surroundings> m_surroundings;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::AddNodeTest)
#include "add_node_test.moc"
