// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/sinks/null_sink.hpp"
#include "text_rig.hpp"

#include <unistd.h>

#include <QTemporaryFile>
#include <QtTest>
#include <cstdio>

using namespace millrace;
using namespace millrace::testing;

namespace {

/// What is printed to standard output while `f` runs.
template <class F>
QByteArray printed_by(F f) {
  QTemporaryFile file;
  if (!file.open()) qFatal("no temporary file");
  std::fflush(stdout);
  const int terminal = ::dup(STDOUT_FILENO);
  (void)::dup2(file.handle(), STDOUT_FILENO);
  f();
  std::fflush(stdout);
  (void)::dup2(terminal, STDOUT_FILENO);
  ::close(terminal);
  file.seek(0);
  return file.readAll();
}

}  // namespace

class sinks_test : public QObject {
  Q_OBJECT
private slots:
  void consolePrintsFieldsByName() {
    text_rig rig{{.id = "millrace.console_sink", .input_fields = "s:string?,v:float64,at:event_time"}};
    QCOMPARE(rig.as<sink>().delivers(), delivery::at_least_once);
    QCOMPARE(
        printed_by([&] {
          rig.feed({"a \"b\",0.1,0", ",2,1500000000"});
        }),
        QByteArray{"probe s=\"a \\\"b\\\"\" v=0.1 at=1970-01-01T00:00:00Z\nprobe s= v=2 at=1970-01-01T00:00:01.5Z\n"});
  }

  void consoleCountsWhatItDoesNotShow() {
    text_rig rig{{.id = "millrace.console_sink", .params = {{"limit", std::int64_t{2}}}, .input_fields = "v:int8"}};
    const auto printed = printed_by([&] {
      rig.feed({"1", "2", "3", "4", "5"});
      rig.ctx().time.ns += 1'000'000'000;
      rig.feed({"6", "7", "8"});
      rig.as<>().on_end_of_input(rig.ctx());
    });
    QCOMPARE(printed, QByteArray{"probe v=1\nprobe v=2\nprobe … 3 more not shown (limit 2 lines/s)\n"
                                 "probe v=6\nprobe v=7\nprobe … 1 more not shown (limit 2 lines/s)\n"});
  }

  void tablePrintsTheNewestOfEachKey() {
    text_rig rig{{.id = "millrace.console_table",
                  .params = {{"key", "k"}, {"rows", std::int64_t{2}}},
                  .input_fields = "k:string,v:float64?,text:string?"}};
    QCOMPARE(rig.problem(), std::string{});
    const auto printed = printed_by([&] {
      rig.as<>().open(rig.ctx());
      rig.feed({"b,1,x", "a,2,", "b,3.25,\033[2J\u00e4"});
      rig.ctx().time.ns += 1'000'000'000;
      rig.feed({"b,4,y"});  // the interval is over: those that changed
      rig.ctx().time.ns += 1'000'000'000;
      rig.feed({"c,5,z"});
      rig.as<>().on_end_of_input(rig.ctx());
      rig.as<>().close(rig.ctx());
    });
    QCOMPARE(printed, QByteArray{"probe  k  v  text\nprobe  a  2  \nprobe  b  4  y\n"
                                 "probe  k  v  text\nprobe  c  5  z\n"
                                 "probe/0\nk  v  text\na  2  \nb  4  y\n… 1 more keys (rows 2)\n"});
  }
  void tableLetsNothingMoveTheCursor() {
    text_rig rig{{.id = "millrace.console_table", .params = {{"key", "k"}}, .input_fields = "k:int8,text:string"}};
    const auto printed = printed_by([&] {
      rig.as<>().open(rig.ctx());
      rig.feed({"1,\033[2J\u00e4\x7f"});
      rig.as<>().close(rig.ctx());
    });
    QCOMPARE(printed, QByteArray{"probe/0\nk  text\n1  ?[2J\u00e4?\n"});
  }
  void tableNamesAKeyThatIsNoField() {
    const text_rig rig{{.id = "millrace.console_table", .params = {{"key", "x"}}, .input_fields = "k:int8"}};
    QVERIFY2(rig.problem().find("'x'") != std::string::npos && rig.problem().find("key") != std::string::npos,
             rig.problem().c_str());
  }

  void nullSinkCountsAndRemembers() {
    text_rig rig{{.id = "millrace.null_sink", .input_fields = "v:int8"}};
    QCOMPARE(rig.as<sink>().delivers(), delivery::idempotent);
    rig.feed({"1", "2", "3"});
    byte_buffer state;
    msgpack::writer w{state};
    rig.as<>().save_state(w);
    text_rig next{{.id = "millrace.null_sink", .input_fields = "v:int8"}};
    msgpack::reader in{state.view()};
    QVERIFY(next.as<>().load_state(in));
    next.feed({"4"});
    QCOMPARE(next.as<library::null_sink>().count(), std::uint64_t{4});
  }
};

QTEST_APPLESS_MAIN(sinks_test)
#include "sinks_test.moc"
