// The report of an experiment as a page: verdict first, nothing from elsewhere, charts that any reader takes.
#include "chaos/report.hpp"

#include <QRegularExpression>
#include <QXmlStreamReader>
#include <QtTest>

using namespace millrace::chaos;
using std::chrono::milliseconds;

namespace {

outcome an_outcome(verdict_kind what) {
  outcome o;
  o.judged = {what, {"3 records lost <b>"}};
  o.found.has_oracle = true;
  o.found.output.expected = 1'234'567;
  o.found.output.found = 1'234'564;
  o.found.output.lost = 3;
  o.found.output.examples = {"lost: a,<script>"};
  o.found.baseline_per_s = 5'000;
  o.found.recovery = milliseconds{500};
  o.phases = {{"oracle", {}},
              {"baseline", milliseconds{0}},
              {"fault", milliseconds{1'500}},
              {"recovery", milliseconds{2'000}},
              {"drain", milliseconds{2'100}}};
  for (int i = 0; i < 40; ++i) {
    const auto at = milliseconds{100 * i};
    o.samples.push_back({at, "baseline", i == 16 ? 0.0 : 5'000.0, 10.0 + i, 2});
  }
  seen_fault f;
  f.text = nlohmann::json{{"kind", "kill"}, {"target", "totals/1"}, {"state", "spent"}};
  f.begun = milliseconds{1'600};
  f.ended = milliseconds{1'700};
  f.is_active = false;
  f.hits = 1;
  o.faults.push_back(std::move(f));
  o.journal = nlohmann::json::object();
  return o;
}

QString page(const outcome& o) {
  experiment e;
  e.title = "Orders & <totals>";
  e.text = nlohmann::json{{"description", "\"quoted\""}};
  e.trial.topology = "/home/x/orders.mill";
  return QString::fromStdString(report_html(e, o));
}

/// The elements of a chart, by name; empty: it is not well-formed.
QStringList elements(const QString& svg) {
  QXmlStreamReader in{svg};
  QStringList out;
  while (!in.atEnd()) {
    if (in.readNext() == QXmlStreamReader::StartElement) {
      out << in.name().toString() + "." + in.attributes().value("class").toString();
    }
  }
  return in.hasError() ? QStringList{} : out;
}

QStringList charts(const QString& html) {
  QStringList out;
  static const QRegularExpression svg{"<svg.*?</svg>", QRegularExpression::DotMatchesEverythingOption};
  for (auto m = svg.globalMatch(html); m.hasNext();) out << m.next().captured();
  return out;
}

}  // namespace

class report_test : public QObject {
  Q_OBJECT
private slots:
  void theVerdictComesFirst() {
    for (const auto what : {verdict_kind::pass, verdict_kind::degraded, verdict_kind::fail, verdict_kind::invalid,
                            verdict_kind::aborted}) {
      const auto body = page(an_outcome(what)).section("<body>", 1);
      const auto verdict = body.indexOf(QString{">%1<"}.arg(to_string(what)));
      QVERIFY(verdict >= 0);
      for (const auto* const other : {"<h1>", "<ul>", "<table", "<svg"}) QVERIFY2(body.indexOf(other) > verdict, other);
    }
  }
  void whatStandsInAFileIsNoMarkup() {
    const auto html = page(an_outcome(verdict_kind::fail));
    QVERIFY(html.contains("Orders &amp; &lt;totals&gt;"));
    QVERIFY(html.contains("3 records lost &lt;b&gt;"));
    QVERIFY(!html.contains("<script"));
    QVERIFY(html.contains("1,234,564 of 1,234,567"));
    QVERIFY(html.contains("0, as without faults"));
  }
  void nothingComesFromElsewhere() {
    const auto html = page(an_outcome(verdict_kind::pass));
    for (const auto* const way : {"http:", "https:", "src=", "url(", "@import", "<link"})
      QVERIFY2(!html.contains(way), way);
  }
  void chartsShowFaultPhasesAndRecovery() {
    const auto all = charts(page(an_outcome(verdict_kind::pass)));
    QCOMPARE(all.size(), 3);
    for (const auto& svg : all) {
      const auto found = elements(svg);
      QVERIFY2(!found.isEmpty(), qPrintable(svg));
      QCOMPARE(found.count("rect.band"), 1);
      QCOMPARE(found.count("line.back"), 1);
      QCOMPARE(found.count("line.phase"), 4);
      QVERIFY(!found.filter("polyline.").isEmpty());
    }
    QCOMPARE(elements(all[0]).count("line.reference"), 1);
    // Also of the phase that is over at once.
    for (const auto* const name : {"baseline", "fault", "recovery", "drain", "kill", "back"}) {
      QVERIFY2(all[0].contains(QString{">%1<"}.arg(name)), name);
    }
  }
  void whatNeverCameBackHasNoMark() {
    auto o = an_outcome(verdict_kind::degraded);
    o.found.recovery.reset();
    QCOMPARE(elements(charts(page(o)).front()).count("line.back"), 0);
  }
};

QTEST_GUILESS_MAIN(report_test)
#include "report_test.moc"
