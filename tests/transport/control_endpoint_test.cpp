#include "millrace/transport/control_endpoint.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>
#include <cstring>
#include <fstream>

using namespace millrace;
using namespace millrace::transport;
namespace fs = std::filesystem;

namespace {

/// A socket somebody listens on until it is closed; the file stays, as after a crash.
class listener {
public:
  explicit listener(const fs::path& path) : fd_{::socket(AF_UNIX, SOCK_STREAM, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 4) != 0) {
      qFatal("cannot listen");
    }
  }
  ~listener() { ::close(fd_); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

private:
  int fd_;
};

}  // namespace

class control_endpoint_test : public QObject {
  Q_OBJECT

private slots:
  void runtimeFolderIsMadeForItsUserAlone();
  void foldersOfOthersAreRefused();
  void endpointsAreNamedAfterTopologyAndProcess();
  void namesThatAreNoFileNamesAreRefused();
  void pathsThatDoNotFitASocketAreRefused();
  void onlyLiveEndpointsAreListed();
  void badAddressesAreRefused();
  void aStaleSocketIsReplacedAndALiveOneIsNot();
  void aFileThatIsNoSocketIsLeftAlone();
};

void control_endpoint_test::runtimeFolderIsMadeForItsUserAlone() {
  const QTemporaryDir base;
  qputenv("XDG_RUNTIME_DIR", base.path().toUtf8());
  const auto folder = runtime_folder();
  QVERIFY(folder);
  QCOMPARE(*folder, fs::path{base.path().toStdString()} / "millrace");
  QCOMPARE(fs::status(*folder).permissions(), fs::perms::owner_all);
  QVERIFY(runtime_folder());
  qunsetenv("XDG_RUNTIME_DIR");
}

void control_endpoint_test::foldersOfOthersAreRefused() {
  const QTemporaryDir base;
  const fs::path root{base.path().toStdString()};
  fs::create_directory(root / "open");
  fs::permissions(root / "open", fs::perms::owner_all | fs::perms::group_exec);
  fs::create_directory_symlink(root, root / "link");
  std::ofstream{root / "file"}.put('x');
  for (const char* const name : {"open", "link", "file"}) {
    const auto made = make_private_folder(root / name);
    QVERIFY2(!made, name);
    QCOMPARE(made.error().code, errc::invalid_argument);
    QVERIFY(made.error().message.find("XDG_RUNTIME_DIR") != std::string::npos);
  }
  if (::geteuid() == 0) {
    fs::create_directory(root / "other");
    QCOMPARE(::chown((root / "other").c_str(), 12345, 12345), 0);
    QVERIFY(!make_private_folder(root / "other"));
  }
  QCOMPARE(make_private_folder(root / "missing" / "folder").error().code, errc::io_error);
}

void control_endpoint_test::endpointsAreNamedAfterTopologyAndProcess() {
  const auto endpoint = endpoint_of("/run/x", "fraud-watch", 4711);
  QVERIFY(endpoint);
  QCOMPARE(endpoint->address, std::string{"ipc:///run/x/fraud-watch-4711.sock"});
  QCOMPARE(*path_of_address(endpoint->address), fs::path{"/run/x/fraud-watch-4711.sock"});
}

void control_endpoint_test::namesThatAreNoFileNamesAreRefused() {
  for (const char* const name : {"", ".", "../evil", "a/b", "a b", "ä"}) {
    const auto endpoint = endpoint_of("/run/x", name, 1);
    QVERIFY2(!endpoint, name);
    QCOMPARE(endpoint.error().code, errc::invalid_argument);
  }
}

void control_endpoint_test::pathsThatDoNotFitASocketAreRefused() {
  const std::string folder = "/" + std::string(99, 'f');  // with /t-1.sock: 109 bytes
  QVERIFY(endpoint_of(folder.substr(0, 98), "t", 1));     // 107
  const auto endpoint = endpoint_of(folder.substr(0, 99), "t", 1);
  QVERIFY(!endpoint);
  QCOMPARE(endpoint.error().code, errc::limit_exceeded);
  QVERIFY(endpoint.error().message.find("107") != std::string::npos);
  QCOMPARE(path_of_address("ipc://" + folder + "/t-1.sock").error().code, errc::limit_exceeded);
}

void control_endpoint_test::onlyLiveEndpointsAreListed() {
  const QTemporaryDir base;
  const fs::path folder{base.path().toStdString()};
  { const listener dead{folder / "dead-1.sock"}; }
  const listener second{folder / "orders-eu-22.sock"};
  const listener first{folder / "orders-eu-3.sock"};
  const listener nameless{folder / "-5.sock"};
  const listener unnumbered{folder / "orders-x1.sock"};
  const listener other{folder / "orders-1.txt"};
  std::ofstream{folder / "file-9.sock"}.put('x');
  const auto found = list_endpoints(folder);
  QVERIFY(found);
  QCOMPARE(found->size(), std::size_t{2});
  QCOMPARE((*found)[0], *endpoint_of(folder, "orders-eu", 3));
  QCOMPARE((*found)[1], *endpoint_of(folder, "orders-eu", 22));
  QVERIFY(list_endpoints(folder / "missing")->empty());
}

void control_endpoint_test::badAddressesAreRefused() {
  for (const char* const address : {"", "ipc://", "ipc://relative.sock", "tcp://127.0.0.1:5", "/run/x.sock"}) {
    const auto path = path_of_address(address);
    QVERIFY2(!path, address);
    QCOMPARE(path.error().code, errc::invalid_argument);
  }
}

void control_endpoint_test::aStaleSocketIsReplacedAndALiveOneIsNot() {
  const QTemporaryDir base;
  const auto path = fs::path{base.path().toStdString()} / "orders-1.sock";
  QVERIFY(claim_socket_path(path));
  {
    const listener live{path};
    const auto claimed = claim_socket_path(path);
    QVERIFY(!claimed);
    QCOMPARE(claimed.error().code, errc::in_use);
  }
  QVERIFY(fs::exists(path));
  QVERIFY(claim_socket_path(path));
  QVERIFY(!fs::exists(path));
}

void control_endpoint_test::aFileThatIsNoSocketIsLeftAlone() {
  const QTemporaryDir base;
  const auto path = fs::path{base.path().toStdString()} / "orders-1.sock";
  std::ofstream{path} << "precious";
  QCOMPARE(claim_socket_path(path).error().code, errc::already_exists);
  QVERIFY(fs::exists(path));
}

QTEST_APPLESS_MAIN(control_endpoint_test)
#include "control_endpoint_test.moc"
