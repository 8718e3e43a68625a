// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_rig.hpp"

#include <unistd.h>

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

std::unique_ptr<text_rig> started(const char* on_malformed) {
  auto rig = std::make_unique<text_rig>(text_rig::setting{
      .id = "millrace.stdin", .params = {{"fields", "n:int64,text:string"}, {"on_malformed", on_malformed}}});
  if (!rig->problem().empty()) qFatal("%s", rig->problem().c_str());
  rig->as<>().open(rig->ctx());
  return rig;
}

}  // namespace

class stdin_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() {
    int ends[2];
    QVERIFY(::pipe(ends) == 0 && ::dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    ::close(ends[0]);
    to_ = ends[1];
  }

  /// One story: a process has one standard input.
  void readsWhatIsPipedIn() {
    auto rig = started("dead_letter");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    pipe("text,n\na,1\nb,");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QCOMPARE(rig->output(), lines{"1,a"});
    pipe("2\nc,x\n\"d,\"\"\n\",4\n");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QCOMPARE(rig->output(), (lines{"1,a", "2,b", "4,\"d,\"\"\n\""}));
    QVERIFY(rig->output("dead").at(0).find("stdin:4:3: field 'n': 'x' is no int64") != std::string::npos);
    rig->ctx().time.ns += 10'000'000'000;
    QCOMPARE(rig->poll(), poll_result::next::idle);
    // Another incarnation knows the columns, and what was read ahead is not lost.
    pipe("e,5\nf,6\n");
    QCOMPARE(rig->poll(1, 1), poll_result::next::more);
    rig = started("fail");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QCOMPARE(rig->output(), lines{"6,f"});
    // A line that fails stays unread.
    pipe("\"g\",x\nh,7");
    for (int i = 0; i < 2; ++i) {
      QVERIFY_EXCEPTION_THROWN((void)rig->poll(), std::runtime_error);
      rig = started("fail");
    }
    rig = started("dead_letter");
    QCOMPARE(rig->poll(), poll_result::next::wait);
    ::close(to_);
    QCOMPARE(rig->poll(), poll_result::next::end);
    QCOMPARE(rig->output(), lines{"7,h"});
    QVERIFY(rig->output("dead").at(0).find("|\"g\",x|") != std::string::npos);
    dead_letter letter;
    letter.content = "i,8";
    QVERIFY(rig->as<producer>().take_back(rig->ctx(), letter));
    QCOMPARE(rig->output().back(), std::string{"8,i"});
  }

  void isLiveOrLogged() {
    text_rig live{{.id = "millrace.stdin", .params = {{"fields", "n:int64"}}}};
    QCOMPARE(live.as<producer>().replays(), replay::live);
    text_rig logged{{.id = "millrace.stdin", .params = {{"fields", "n:int64"}, {"logged", true}}}};
    QCOMPARE(logged.as<producer>().replays(), replay::logged);
  }
  void onlyPartition0Reads() {
    text_rig rig{{.id = "millrace.stdin", .params = {{"fields", "n:int64"}}, .partition = 1, .parallelism = 2}};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
  }

private:
  void pipe(std::string_view text) const {
    if (::write(to_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) qFatal("pipe");
  }
  int to_ = -1;
};

QTEST_APPLESS_MAIN(stdin_test)
#include "stdin_test.moc"
