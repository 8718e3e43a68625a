#include <QComboBox>
#include <QFile>
#include <QImage>
#include <QLabel>
#include <QPushButton>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <optional>

#include "charts/charts_panel.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench {

/// The run over time: values under the pointer, going back on the bar of time, and taking it along.
class ChartsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    m_surroundings.emplace();
    m_panel.emplace();
    m_history = {};
    m_panel->resize(1200, 320);
  }
  void cleanup() {
    m_panel.reset();
    m_surroundings.reset();
  }

  void withoutSamplesItSaysWhatToDo() {
    show();
    QVERIFY(!bar().isEnabled());
    const auto labels = m_panel->findChildren<QLabel*>();
    QVERIFY(std::ranges::any_of(labels, [](const QLabel* label) {
      return label->isVisible() && label->text().contains(QStringLiteral("press F5"));
    }));
    QCOMPARE(m_panel->exportTo(path("none.csv")), QStringLiteral("there are no samples yet"));
  }

  void valuesUnderThePointerAreTold() {
    remember(100);
    show();
    auto* plot = chart("Throughput (events/s)");
    auto* heading = plot->parentWidget()->findChild<QLabel*>();
    QVERIFY(!heading->text().contains(QStringLiteral("<b>")));
    // At the right edge of what is drawn: the newest sample.
    QTest::mouseMove(plot, {plot->width() - 20, plot->height() / 2});
    QTRY_VERIFY2(heading->text().contains(QStringLiteral("<b>")), qPrintable(heading->text()));
    const auto right = told(heading);
    QTest::mouseMove(plot, {plot->width() / 2, plot->height() / 2});
    QTRY_VERIFY2(told(heading) < right, qPrintable(heading->text()));
    // All charts tell the same moment.
    for (auto* other : {chart("Latency (ms)"), chart("Backlog (events)")}) {
      QVERIFY(other->parentWidget()->findChild<QLabel*>()->text().contains(QStringLiteral("<b>")));
    }
    QEvent leave{QEvent::Leave};
    QApplication::sendEvent(plot, &leave);
    QVERIFY(!heading->text().contains(QStringLiteral("<b>")));
  }

  void whatIsShownIsWrittenAsATable() {
    remember(600);
    show();
    const auto csv = path("run.csv");
    QCOMPARE(m_panel->exportTo(csv), QString{});
    const auto lines = linesOf(csv);
    QVERIFY(lines[0].startsWith("time,in_per_s,out_per_s"));
    // Two minutes of ten minutes.
    QVERIFY2(std::abs(lines.size() - 1 - 120) <= 2, qPrintable(QString::number(lines.size())));
    QVERIFY2(lines.back().contains(",599,"), lines.back().constData());
    // What is looked back at, and not the present.
    m_panel->goTo(begin + 300);
    QCOMPARE(m_panel->exportTo(csv), QString{});
    QVERIFY2(linesOf(csv).back().contains(",300,"), linesOf(csv).back().constData());
    for (const auto* name : {"run.txt", "run", "no/such/run.csv"}) QVERIFY(!m_panel->exportTo(path(name)).isEmpty());
    QVERIFY(!QFile::exists(path("run.txt")));
  }

  void whatIsShownIsWrittenAsAPicture() {
    remember(100);
    show();
    QCOMPARE(m_panel->exportTo(path("run.png")), QString{});
    const QImage image{path("run.png")};
    QVERIFY(image.width() > 1000 && image.height() > 100);
    // Something is drawn: not all of it is the ground.
    int others = 0;
    for (int x = 0; x < image.width(); ++x) others += image.pixel(x, image.height() / 4) != image.pixel(2, 2) ? 1 : 0;
    QVERIFY(others > 20);
  }

  void theBarGoesBackAndHoldsStillAndEndReturns() {
    remember(1200);
    show();
    QVERIFY(!m_panel->isPaused());
    QVERIFY(bar().words().startsWith(QStringLiteral("the last")));
    const auto live = bar().frameBox();
    QVERIFY(live.width() > 20 && live.right() > bar().width() - 80);
    // Taken hold of, and dragged to the middle.
    const auto held = live.center().toPoint();
    QTest::mousePress(&bar(), Qt::LeftButton, {}, held);
    QVERIFY(!m_panel->isPaused());
    drag(held - QPoint{300, 0});
    QVERIFY(m_panel->isPaused());
    QVERIFY(std::abs(bar().frameBox().right() - (live.right() - 300)) < 2);
    QVERIFY2(bar().words().contains(QStringLiteral("until")), qPrintable(bar().words()));
    // What comes meanwhile moves nothing.
    const auto box = bar().frameBox();
    remember(200, 1200);
    m_panel->show(&m_history, nullptr);
    QCOMPARE(bar().frameBox(), box);
    bar().setFocus();
    QTest::keyClick(&bar(), Qt::Key_Left);
    QVERIFY(bar().frameBox().right() < box.right());
    QTest::keyClick(&bar(), Qt::Key_Home);
    QVERIFY(std::abs(bar().frameBox().left()) < 2);
    QTest::keyClick(&bar(), Qt::Key_Left);
    QVERIFY(std::abs(bar().frameBox().left()) < 2);
    QTest::keyClick(&bar(), Qt::Key_End);
    QVERIFY(!m_panel->isPaused());
    QVERIFY(bar().words().startsWith(QStringLiteral("the last")));
    // Dragged as far as the present it follows again.
    QTest::keyClick(&bar(), Qt::Key_Left);
    QVERIFY(m_panel->isPaused());
    for (int i = 0; i < 5; ++i) QTest::keyClick(&bar(), Qt::Key_Right);
    QVERIFY(!m_panel->isPaused());
  }

  void liveAndBesideTheFrameAreClicked() {
    remember(1200);
    show();
    QTest::mouseClick(&bar(), Qt::LeftButton, {}, {bar().width() / 3, bar().height() / 2});
    QVERIFY(m_panel->isPaused());
    QVERIFY(std::abs(bar().frameBox().center().x() - bar().width() / 3) < 2);
    QTest::mouseClick(&bar(), Qt::LeftButton, {}, bar().liveBox().center().toPoint());
    QVERIFY(!m_panel->isPaused());
  }

  void theFrameIsWidenedAndNarrowed() {
    remember(1200);
    show();
    bar().setFocus();
    const auto before = bar().frameBox().width();
    QTest::keyClick(&bar(), Qt::Key_Plus);
    QVERIFY(bar().frameBox().width() > 3 * before);
    for (int i = 0; i < 9; ++i) QTest::keyClick(&bar(), Qt::Key_Minus);
    QVERIFY(bar().frameBox().width() < before);
    for (auto* box : m_panel->findChildren<QComboBox*>()) {
      if (box->accessibleName() == QLatin1String("Time range")) QCOMPARE(box->currentText(), QStringLiteral("30 s"));
    }
  }

  void holdingStillIsThePresentThatIsKept() {
    remember(300);
    show();
    m_panel->setPaused(true);
    remember(100, 300);
    m_panel->show(&m_history, nullptr);
    QCOMPARE(m_panel->exportTo(path("held.csv")), QString{});
    QVERIFY(linesOf(path("held.csv")).back().contains(",299,"));
    m_panel->setPaused(false);
    QCOMPARE(m_panel->exportTo(path("held.csv")), QString{});
    QVERIFY(linesOf(path("held.csv")).back().contains(",399,"));
  }

  void whatWasHeldOfOneTopologyIsNotShownForAnother() {
    show();
    const auto empty = bar().grab().toImage();
    remember(300);
    m_panel->setTopology("first");
    show();
    bar().setFocus();
    QTest::keyClick(&bar(), Qt::Key_Left);
    QVERIFY(m_panel->isPaused());
    // One that never ran.
    m_panel->setTopology("other");
    m_panel->show(nullptr, nullptr);
    QVERIFY(!m_panel->isPaused());
    QVERIFY(!m_panel->exportTo(path("other.csv")).isEmpty());
    QCOMPARE(bar().grab().toImage(), empty);
    // And one that did.
    m_panel->setTopology("first");
    m_panel->show(&m_history, nullptr);
    m_panel->setPaused(true);
    RunHistory others;
    std::swap(others, m_history);
    remember(100, 1000);
    m_panel->setTopology("third");
    m_panel->show(&m_history, nullptr);
    QCOMPARE(m_panel->exportTo(path("third.csv")), QString{});
    QVERIFY(linesOf(path("third.csv")).back().contains(",1099,"));
    // The same one again is nothing new: what is held stays held.
    m_panel->setPaused(true);
    m_panel->setTopology("third");
    QVERIFY(m_panel->isPaused());
  }

  void theBarTakesTheWheelByWholeSteps() {
    remember(1200);
    show();
    const auto before = bar().frameBox().width();
    turn({120, 0});
    QCOMPARE(bar().frameBox().width(), before);
    for (int i = 0; i < 3; ++i) turn({0, -30});
    QCOMPARE(bar().frameBox().width(), before);
    turn({0, -30});
    QVERIFY(bar().frameBox().width() > 3 * before);
    turn({0, 120});
    QCOMPARE(bar().frameBox().width(), before);
  }

private:
  static constexpr double begin = 1'700'000'000;

  /// A sample a second; in each is as much as its number, so that it is known again.
  void remember(int count, int from = 0) {
    for (int i = from; i < from + count; ++i) {
      RunSample sample;
      sample.at = begin + i;
      sample.inPerS = i;
      sample.latencyP50 = 1;
      m_history.add(sample);
    }
  }
  void show() {
    m_panel->setVisible(true);
    QVERIFY(QTest::qWaitForWindowExposed(&*m_panel));
    m_panel->show(m_history.size() == 0 ? nullptr : &m_history, nullptr);
  }
  [[nodiscard]] TimeBar& bar() { return m_panel->timeBar(); }
  void turn(QPoint delta) {
    const auto at = QPointF{bar().rect().center()};
    QWheelEvent event{at, bar().mapToGlobal(at), {}, delta, Qt::NoButton, {}, Qt::NoScrollPhase, false};
    QApplication::sendEvent(&bar(), &event);
  }
  void drag(QPoint to) {
    QMouseEvent move{QEvent::MouseMove, to, bar().mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {}};
    QApplication::sendEvent(&bar(), &move);
    QTest::mouseRelease(&bar(), Qt::LeftButton, {}, to);
  }
  [[nodiscard]] QWidget* chart(const char* title) const {
    for (auto* widget : m_panel->findChildren<QWidget*>()) {
      if (widget->accessibleName() == QLatin1String(title)) return widget;
    }
    qFatal("there is no such chart");
  }
  /// The first number in bold.
  static double told(const QLabel* heading) {
    return heading->text().section(QStringLiteral("<b>"), 1, 1).section(QStringLiteral("</b>"), 0, 0).toDouble();
  }
  static QList<QByteArray> linesOf(const QString& path) {
    QFile file{path};
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().split('\n') : QList<QByteArray>{{}};
  }
  [[nodiscard]] QString path(const char* name) const { return m_surroundings->path(QLatin1String(name)); }

  std::optional<testing::Surroundings> m_surroundings;
  std::optional<ChartsPanel> m_panel;
  RunHistory m_history;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::ChartsTest)
#include "charts_test.moc"
