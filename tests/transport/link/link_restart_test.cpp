#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest/QTest>
#include <cstdlib>

#include "hubs.hpp"
#include "support/tcp_proxy.hpp"

using namespace millrace;
using namespace millrace::transport;
using namespace millrace::transport::test;
using namespace std::chrono_literals;
using millrace::engine::frame;
using millrace::engine::receive_status;

namespace {

constexpr const char* child_word = "--sender";
/// Frames of one generation are told from those of another by their numbers.
constexpr std::uint64_t generation_step = 1'000'000'000;

/// A process that dials `node` as "child" and sends frames of one generation until it is killed.
int send_for_ever(char** argv) {
  const std::string at{argv[2]};
  const std::string listen{argv[3]};
  const std::string node_key{argv[4]};
  const auto keys = *curve_keys_of(argv[5]);
  const auto incarnation = std::strtoull(argv[6], nullptr, 10);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  node child{"child", {.listen = listen, .keys = keys}};
  const auto added = child.hub->add_peer({"node", at, node_key});
  if (!added) qFatal("%s", added.error().message.c_str());
  const auto bell = std::make_shared<shared_bell>();
  const auto sender = *child.hub->open_sender(channel_to("node", 7, incarnation), bell);
  engine::credit credit{.batches = 64, .bytes = 0};
  for (std::uint64_t i = 0;; ++i) {
    if (!bell->wait([&] { return sender->take_credit(credit) || credit.batches > 0; })) return 1;
    --credit.batches;
    sender->send(numbers_frame(incarnation * generation_step + i, 1, 7, incarnation));
  }
}

class child_process {
public:
  child_process(const node& parent, const curve_keys& keys, const std::string& listen, std::uint64_t incarnation) {
    const auto number = std::to_string(incarnation);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl("/proc/self/exe", "link_restart_test", child_word, parent.address.c_str(), listen.c_str(),
              parent.keys.public_key.c_str(), keys.secret_key.c_str(), number.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~child_process() { kill(); }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

private:
  pid_t pid_ = -1;
};

}  // namespace

/// A peer that is killed takes everything with it: what was on the way belongs to a life that is over.
class link_restart_test : public QObject {
  Q_OBJECT

private slots:
  void aRestartedPeerIsLostAtOnceAndItsOldFramesWithIt();
  void aPeerThatStaysDeadIsLostAfterSilence();
  void oldDataOfARetiredLifeIsRefused();
};

void link_restart_test::aRestartedPeerIsLostAtOnceAndItsOldFramesWithIt() {
  const auto keys = *make_curve_keys();
  // Silence would never be noticed here: what is, is the restart.
  node parent{"node", {.lost_after = 1h}};
  // A port for the child, which must be found again after its restart.
  const auto listen = node{"none"}.address;
  const auto added = parent.hub->add_peer({"child", listen, keys.public_key});
  QVERIFY(added);
  for (std::uint64_t life = 1; life <= 5; ++life) {
    const auto bell = std::make_shared<shared_bell>();
    const auto receiver = *parent.hub->open_receiver(channel_to("child", 7, life), bell);
    child_process child{parent, keys, listen, life};
    frame f;
    for (std::uint64_t i = 0; i < 500; ++i) {
      auto status = receive_status::empty;
      QVERIFY(bell->wait([&] { return (status = receiver->receive(f)) != receive_status::empty; }));
      if (life > 1 && status == receive_status::broken) {
        // Opened before the loss was noticed: the next life begins with on_lost.
        QFAIL(receiver->failure().c_str());
      }
      QCOMPARE(status, receive_status::received);
      QCOMPARE(f.first.value, life * generation_step + i);
      receiver->give_credit({.batches = 1, .bytes = 0});
    }
    child.kill();
    // The same process started again, with the same keys: noticed as soon as it answers.
    child_process next{parent, keys, listen, life + 100};
    QVERIFY(until([&] { return parent.told.lost().size() == 2 * life - 1; }));
    QVERIFY(parent.told.lost().back().find("was restarted") != std::string::npos);
    QVERIFY(bell->wait([&] { return receiver->receive(f) == receive_status::broken; }));
    // Its frames are of a generation that nobody has opened here.
    QVERIFY(until([&] { return parent.hub->statistics("child").unknown_channels > 0; }));
    next.kill();
    child_process last{parent, keys, listen, life + 200};
    QVERIFY(until([&] { return parent.told.lost().size() == 2 * life; }));
    if (life == 5) break;
    // Whoever comes next is met anew, so that the loop can start over with an unknown peer.
    last.kill();
    parent.hub->remove_peer("child");
    QVERIFY(parent.hub->add_peer({"child", listen, keys.public_key}));
  }
}

void link_restart_test::aPeerThatStaysDeadIsLostAfterSilence() {
  const auto keys = *make_curve_keys();
  node parent{"node", {.lost_after = 500ms * tests::patience}};
  const auto listen = node{"none"}.address;
  QVERIFY(parent.hub->add_peer({"child", listen, keys.public_key}));
  const auto bell = std::make_shared<shared_bell>();
  const auto receiver = *parent.hub->open_receiver(channel_to("child"), bell);
  child_process child{parent, keys, listen, 1};
  frame f;
  QVERIFY(bell->wait([&] { return receiver->receive(f) == receive_status::received; }));
  child.kill();
  QVERIFY(bell->wait([&] { return receiver->receive(f) == receive_status::broken; }));
  QVERIFY(until([&] { return parent.told.lost().size() == 1; }));
  QVERIFY(parent.told.lost().front().find("has not answered") != std::string::npos);
}

/// Two hubs of the same name and keys, one after the other, behind a proxy that holds back what the first one said.
void link_restart_test::oldDataOfARetiredLifeIsRefused() {
  const auto keys = *make_curve_keys();
  node b{"b", {.lost_after = 1h}};
  support::tcp_proxy to_b{b.address};
  std::optional<node> first;
  first.emplace("a", link_options{.keys = keys});
  first->knows(b, to_b.address());
  b.knows(*first);
  QVERIFY(until([&] { return b.hub->statistics("a").is_reached; }));
  to_b.set({.is_stalled = true});
  for (int i = 0; i < 100; ++i) QVERIFY(first->hub->send("b", bytes_of("old")));
  const auto listen = first->address;
  QVERIFY(until([&] { return first->hub->statistics("b").bytes_queued == 0; }));
  first.reset();
  node second{"a", {.listen = listen, .keys = keys}};
  second.knows(b);  // past the proxy
  QVERIFY(until([&] { return b.told.lost().size() == 1; }));
  QVERIFY(second.hub->send("b", bytes_of("new")));
  QVERIFY(until([&] { return b.told.messages().size() == 1; }));
  to_b.set({});
  QVERIFY(second.hub->send("b", bytes_of("newer")));
  QVERIFY(until([&] { return b.told.messages().size() == 2; }));
  QCOMPARE(b.told.messages(), (std::vector<std::string>{"a: new", "a: newer"}));
  QCOMPARE(b.told.lost().size(), std::size_t{1});
}

int main(int argc, char** argv) {
  if (argc > 6 && std::string_view{argv[1]} == child_word) return send_for_ever(argv);
  link_restart_test test;
  return QTest::qExec(&test, argc, argv);
}
#include "link_restart_test.moc"
