#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/placement_edits.hpp"
#include "core/text.hpp"
#include "panels/add_node_dialog.hpp"
#include "panels/plan_dialog.hpp"
#include "pictures/picture_session.hpp"

namespace millrace::workbench {
namespace {

constexpr int commandMsMax = 30'000;

/// A port of the loopback that nobody listens at just now.
QString freeAddress() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool isFound = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!isFound) throw std::runtime_error{"there is no free port"};
  return QStringLiteral("tcp://127.0.0.1:%1").arg(ntohs(at.sin_port));
}

/// A node in a process of its own, with folders of its own.
class NodeProcess {
public:
  NodeProcess(const QString& name, const QString& label) {
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), m_folder.path());
    m_process.setProcessEnvironment(environment);
    m_process.setStandardErrorFile(QProcess::nullDevice());
    m_process.start(millraceProgram(), {QStringLiteral("node"), QStringLiteral("run"), QStringLiteral("--name"), name,
                                        QStringLiteral("--data-dir"), m_folder.filePath(QStringLiteral("data")),
                                        QStringLiteral("--listen"), freeAddress(), QStringLiteral("--link"),
                                        freeAddress(), QStringLiteral("--label"), label});
    QByteArray said;
    while (!said.contains("network")) {
      if (!m_process.waitForReadyRead(commandMsMax)) throw std::runtime_error{"a node does not start"};
      said += m_process.readAllStandardOutput();
    }
  }
  ~NodeProcess() {
    m_process.terminate();
    if (!m_process.waitForFinished(commandMsMax)) m_process.kill();
  }
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  /// What the command prints about this node.
  [[nodiscard]] nlohmann::json command(const QStringList& words) const {
    QProcess run;
    run.setProcessEnvironment(m_process.processEnvironment());
    run.start(millraceProgram(), words + QStringList{QStringLiteral("--json")});
    if (!run.waitForFinished(commandMsMax) || run.exitCode() != 0) throw std::runtime_error{"a node refuses"};
    return nlohmann::json::parse(run.readAllStandardOutput().toStdString(), nullptr, false);
  }

private:
  QTemporaryDir m_folder;
  QProcess m_process;
};

topology orders() {
  topology t;
  t.name = "orders";
  t.add("orders", "millrace.generator", {{"rate", 2000.0}});
  t.add("spread", "millrace.by_key");
  t.add("sums", "millrace.window", {{"key", std::string{"key"}}, {"size", std::string{"1s"}}}, 4);
  t.add("out", "millrace.file_sink", {{"path", std::string{"node_pictures"}}});
  return t.connect("orders", "spread").connect("spread", "sums").connect("sums", "out");
}

/// Of two real nodes, which end with it.
class Pictures {
public:
  explicit Pictures(PictureSession& session) : m_session{session}, m_window{session.window()} {}

  void take() {
    // What a run that failed has left would be in the way of this one's output.
    QDir{m_session.folder() + QStringLiteral("/node_pictures")}.removeRecursively();
    NodeProcess berlin{QStringLiteral("berlin"), QStringLiteral("zone=east")};
    NodeProcess oslo{QStringLiteral("oslo"), QStringLiteral("zone=north")};
    const auto invited = berlin.command({QStringLiteral("node"), QStringLiteral("invite")});
    (void)oslo.command({QStringLiteral("node"), QStringLiteral("join"), toQt(invited.value("token", ""))});
    add(toQt(berlin
                 .command({QStringLiteral("key"), QStringLiteral("invite"), QStringLiteral("ada"),
                           QStringLiteral("--role"), QStringLiteral("admin")})
                 .value("token", "")));
    deploy();
    nodes();
    access();
    m_window.engine().stop();
    m_window.nodes().forgetTarget();
    QDir{m_session.folder() + QStringLiteral("/node_pictures")}.removeRecursively();
  }

private:
  void add(const QString& word) {
    AddNodeDialog dialog{Settings::keyFolder(), &m_window};
    dialog.connect(&dialog, &AddNodeDialog::added, &m_window.nodes(), &NodesDesk::add);
    dialog.word().setText(word);
    dialog.name().setText(QStringLiteral("berlin"));
    dialog.confirmation().setChecked(true);
    m_session.shoot("add-node", dialog);
    dialog.accept();
    PictureSession::pumpUntil(
        [this] {
          const auto& session = m_window.engine().session();
          return !session.target().isEmbedded() && session.state() == EngineSession::State::Connected;
        },
        "a node does not take an invitation");
  }

  void deploy() {
    m_session.open(orders());
    auto& document = m_window.current().document();
    document.push(placing(document, {"sums"}, "oslo"));
    document.push(*placingAlso(document, {"sums"}, "berlin"));
    m_window.nodes().deploy();
    PictureSession::pumpUntil([this] { return m_window.findChild<PlanDialog*>() != nullptr; }, "there is no plan");
    auto* plan = m_window.findChild<PlanDialog*>();
    m_session.shoot("plan", *plan);
    plan->accept();
  }

  void nodes() {
    auto& panel = *m_window.nodes().panel();
    m_window.raisePanel(QStringLiteral("Nodes"));
    PictureSession::pumpUntil(
        [this] {
          const auto* run = m_window.engine().figures();
          return run != nullptr && run->uptimeS > 3;
        },
        "what was deployed to a node does not run");
    const auto& known = panel.model().nodes();
    PictureSession::pumpUntil([&] { return known.size() == 2; }, "the nodes are not shown");
    PictureSession::pumpUntil([&] { return !known[1].tasks.empty(); }, "no task runs on the other node");
    panel.view().expand(panel.model().index(1, 0));
    m_window.current().view().fitAll();
    m_session.shoot("nodes");
  }

  void access() {
    auto& panel = *m_window.nodes().panel();
    panel.pages().setCurrentIndex(1);
    panel.access().createKey(QStringLiteral("vic"), QStringLiteral("viewer"), {QStringLiteral("orders")},
                             m_session.folder() + QStringLiteral("/vic.key"));
    PictureSession::pumpUntil([&] { return panel.access().keys().rowCount() == 2; }, "a key is not made");
    m_session.shoot("keys");
    QFile::remove(m_session.folder() + QStringLiteral("/vic.key"));
    panel.pages().setCurrentIndex(2);
    PictureSession::pumpUntil([&] { return panel.access().entries().rowCount() > 0; }, "the audit log is not read");
    m_session.shoot("audit");
    panel.pages().setCurrentIndex(0);
  }

  PictureSession& m_session;
  MainWindow& m_window;
};

}  // namespace

void shootNodes(PictureSession& session) {
  Pictures{session}.take();
}

}  // namespace millrace::workbench
