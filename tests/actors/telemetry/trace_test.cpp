#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <set>

#include "command/waterfall.hpp"
#include "console/terminal.hpp"
#include "node/tracing/trace_watch.hpp"
#include "otlp_check.hpp"
#include "receiver.hpp"
#include "trial_run.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using namespace millrace::node;
using engine::span_kind;
using nlohmann::json;
using trial::log_lines;
using trial::otlp_check;
using trial::receiver;
using trial::watched_run;

namespace {

constexpr int limit_ms = 60'000;

told_span span_of(std::uint64_t trace, std::uint64_t id, std::uint64_t parent, span_kind kind, std::int64_t start_us,
                  std::int64_t end_us) {
  constexpr std::int64_t day_ns = 1'700'000'000'000'000'000;
  told_span s{{7, trace}, id, parent, day_ns + start_us * 1'000, day_ns + end_us * 1'000, kind, "orders", "check"};
  s.channel = "a -> b";
  s.sequence = 12;
  return s;
}

/// One event's way over two nodes, committed much later.
std::vector<told_span> sample_trace(std::uint64_t trace = 1) {
  std::vector<told_span> out{
      span_of(trace, 1, 0, span_kind::emit, 0, 100), span_of(trace, 2, 1, span_kind::network, 100, 600),
      span_of(trace, 3, 1, span_kind::service, 600, 1'000), span_of(trace, 4, 3, span_kind::write, 1'000, 1'100),
      span_of(trace, 5, 4, span_kind::commit, 1'100, 900'000)};
  out[0].node = out[3].node = out[4].node = "one";
  out[1].node = out[2].node = "two";
  out[2].has_failed = true;
  out[3].is_replayed = true;
  out[3].links.push_back({{7, 99}, 98});
  return out;
}

json parsed(const std::string& text) {
  return json::parse(text, nullptr, false);
}

}  // namespace

/// Traces of real runs, how they are exported, and how they are shown.
class trace_test : public QObject {
  Q_OBJECT

private slots:
  void sharesAreReadAndRefused() {
    const std::pair<const char*, std::uint64_t> good[] = {{"off", 0},     {"all", 1}, {"1%", 100},    {"100%", 1},
                                                          {"0.1%", 1000}, {"50%", 2}, {"1/500", 500}, {"30%", 3}};
    for (const auto& [text, one_in] : good) {
      const auto read = parse_trace_share(text);
      QVERIFY2(read && *read == one_in, text);
    }
    for (const char* wrong : {"", "1", "0%", "-1%", "101%", "1/0", "1/2.5", "x%", "1/", "%", "nan%", "1e-12%"}) {
      const auto read = parse_trace_share(wrong);
      QVERIFY2(!read && read.error().message.find("1/500") != std::string::npos, wrong);
    }
  }

  void targetsAreReadAndRefused() {
    QCOMPARE(parse_trace_target("http://127.0.0.1:4318")->where, std::string{"http://127.0.0.1:4318/v1/traces"});
    QCOMPARE(parse_trace_target("http://127.0.0.1:4318/")->where, std::string{"http://127.0.0.1:4318/v1/traces"});
    QCOMPARE(parse_trace_target("https://x.example/otlp")->where, std::string{"https://x.example/otlp"});
    QVERIFY(!parse_trace_target("traces.jsonl")->is_collector);
    QVERIFY(!parse_trace_target("") && !parse_trace_target("ftp://x/y") && !parse_trace_target("http://me:pw@x/"));
    QVERIFY(!parse_tracing("off", 0, {"traces.jsonl"}));
    QVERIFY(!parse_tracing("1%", 0, {"a", "b", "c", "d", "e"}));
    QCOMPARE(parse_tracing("1%", 7, {"a"})->rule.per_second_max, 7U);
  }

  void whatIsExportedFollowsOtlp() {
    const auto request = otlp_request(sample_trace());
    QCOMPARE(otlp_check::fault_of(request), std::string{});
    QCOMPARE(request["resourceSpans"].size(), std::size_t{2});
    const auto back = read_otlp(request.dump());
    QVERIFY(back && back->size() == 5);
    for (const auto& s : sample_trace()) {
      const auto at = std::ranges::find(*back, s.span, &told_span::span);
      QVERIFY(at != back->end());
      QVERIFY(at->trace == s.trace && at->parent == s.parent && at->start_ns == s.start_ns && at->end_ns == s.end_ns);
      QVERIFY(at->kind == s.kind && at->node == s.node && at->actor == s.actor && at->channel == s.channel);
      QVERIFY(at->topology == s.topology && at->sequence == s.sequence && at->links.size() == s.links.size());
      QVERIFY(at->has_failed == s.has_failed && at->is_replayed == s.is_replayed);
    }
    QVERIFY(!read_otlp("{") && !read_otlp("[]") && !read_otlp("{\"resourceSpans\":[{\"scopeSpans\":[5]}]}"));
  }

  void theCheckSeesWhatIsWrong() {
    const auto good = otlp_request(sample_trace());
    const json::json_pointer span{"/resourceSpans/0/scopeSpans/0/spans/0"};
    const std::pair<const char*, json> changes[] = {{"traceId", "12"},
                                                    {"traceId", std::string(32, '0')},
                                                    {"spanId", "zzzzzzzzzzzzzzzz"},
                                                    {"startTimeUnixNano", 12},
                                                    {"endTimeUnixNano", "1"},
                                                    {"kind", "SPAN_KIND_PRODUCER"},
                                                    {"kind", 9},
                                                    {"name", ""},
                                                    {"parentSpanId", "12"},
                                                    {"start_time_unix_nano", 1},
                                                    {"status", {{"code", "ERROR"}}}};
    for (const auto& [name, value] : changes) {
      auto wrong = good;
      wrong[span][name] = value;
      QVERIFY2(!otlp_check::fault_of(wrong).empty(), name);
    }
    auto wrong = good;
    wrong[span / "attributes" / "0" / "value"] = {{"intValue", 5}};
    QVERIFY(!otlp_check::fault_of(wrong).empty());
  }

  void aRunIsFollowedFromItsProducerToItsSink() {
    QTemporaryDir folder;
    const auto file = folder.filePath("traces.jsonl");
    receiver collector{1};
    log_lines log;
    {
      runtime::run_options options;
      options.trace = {50, 3, 0};
      watched_run run{{.rate = 2'000, .snapshot_interval = 100ms}, std::move(options)};
      trace_watch watch{
          {{50, 3, 0}, {{true, collector.origin() + "/v1/traces"}, {false, file.toStdString()}}}, "one", log.logger()};
      const auto is_enough = [&] {
        watch.look(run.run(), std::chrono::steady_clock::now());
        const auto list = watch.answer({{"most", 100}});
        const auto whole = [](const json& t) { return !t["from"].empty() && !t["to"].empty(); };
        return std::ranges::count_if((*list)["traces"], whole) >= 10 && !collector.bodies().empty();
      };
      QTRY_VERIFY_WITH_TIMEOUT(is_enough(), limit_ms);
      const auto one = watch.answer({{"trace", "last"}});
      QVERIFY2(one, one ? "" : one.error().message.c_str());
      std::set<std::string> kinds;
      for (const auto& s : (*one)["spans"]) kinds.insert(s["kind"].get<std::string>());
      for (const char* kind : {"emit", "queue", "service", "write"}) QVERIFY2(kinds.contains(kind), kind);
      const auto same = watch.answer({{"trace", (*one)["trace"].get<std::string>().substr(16, 8)}});
      QVERIFY(same && (*same)["trace"] == (*one)["trace"]);
      QVERIFY(!watch.answer({{"trace", "ffffffffff"}}) && !watch.answer({{"trace", "1"}}));
    }
    // Refused once, and sent again.
    QVERIFY(collector.asked() > static_cast<int>(collector.bodies().size()));
    QCOMPARE(collector.path(), std::string{"/v1/traces"});
    for (const auto& body : collector.bodies()) QCOMPARE(otlp_check::fault_of(parsed(body)), std::string{});
    QFile written{file};
    QVERIFY(written.open(QIODevice::ReadOnly));
    trace_book book;
    for (QByteArray line; !(line = written.readLine()).isEmpty();) {
      QCOMPARE(otlp_check::fault_of(parsed(line.toStdString())), std::string{});
      book.add(*read_otlp(line.toStdString()));
    }
    QVERIFY(book.list(100)["traces"].size() >= 10);
  }

  void whatCannotBeDeliveredIsCounted() {
    std::uint64_t lost = 0;
    {
      // Nobody listens there, and one message may wait.
      post_queue q{{.waiting_max = 1, .attempts_max = 1},
                   [&](std::uint64_t what, const std::string&) { lost += what; }};
      for (int i = 0; i < 5; ++i) q.post("http://127.0.0.1:9/", "{}", 10);
    }
    QCOMPARE(lost, std::uint64_t{50});
  }

  void aFileThatCannotBeWrittenIsCountedAndTold() {
    log_lines log;
    trace_exporter out{{{false, "/nowhere/at/all"}}, log.logger()};
    const auto now = std::chrono::steady_clock::now();
    out.add(sample_trace(), now);
    out.add({}, now + 2s);
    QCOMPARE(out.lost(), std::uint64_t{5});
    QVERIFY(log.has("5 spans were not delivered: cannot write /nowhere/at/all"));
  }

  void theBookForgetsTheOldest() {
    trace_book book;
    for (std::uint64_t i = 1; i <= trace_book::traces_max + 5; ++i) book.add(sample_trace(i));
    QCOMPARE(book.list(10'000)["traces"].size(), trace_book::traces_max);
    for (std::size_t i = 0; i < trace_book::spans_max + 3; ++i) {
      book.add({span_of(9'999, i + 1, 0, span_kind::queue, 0, 1)});
    }
    const auto big = book.list(1)["traces"][0];
    QCOMPARE(big["span_count"].get<std::size_t>(), trace_book::spans_max);
    QCOMPARE(big["spans_left_out"].get<std::uint64_t>(), std::uint64_t{3});
  }

  void theWaterfallShowsWhereTheTimeWent() {
    trace_book book;
    book.add(sample_trace());
    const auto shown = book.show("last");
    QVERIFY(shown);
    // The commit, a snapshot later, does not squeeze the rest.
    QCOMPARE((*shown)["duration_us"].get<double>(), 1'100.0);
    const auto text = QString::fromStdString(command::waterfall(*shown, 80, {}));
    const auto lines = text.split('\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), qsizetype{2 + 5 + 1});
    QVERIFY(lines[0].contains("trace 00000000000000070000000000000001"));
    QVERIFY(lines[1].contains("1.10 ms") && lines[1].contains("nodes one, two"));
    QVERIFY(lines[2].startsWith("emit") && lines[3].startsWith("network") && lines[4].contains("failed"));
    QVERIFY(lines[6].contains("continues trace 00000000000000070000000000000063"));
    QVERIFY(lines[7].startsWith("commit") && lines[7].contains(u'→'));
    QCOMPARE(console::cells(lines[2].toStdString()), std::size_t{80});
    QCOMPARE(lines[3].indexOf(u'━') > lines[2].indexOf(u'━'), true);
  }

  void tracingThatIsOffSaysHowToTurnItOn() {
    const trace_watch watch{{}, "one", {}};
    const auto answer = watch.answer(json::object());
    QVERIFY(!answer && answer.error().message.find("--trace 1%") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(trace_test)
#include "trace_test.moc"
