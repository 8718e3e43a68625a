#include "millrace/engine/hang_watch.hpp"

#include <QtTest>

using namespace millrace;
using namespace std::chrono_literals;
using engine::find_hang;
using engine::hang_signs;
using engine::task_phase;

class hang_watch_test : public QObject {
  Q_OBJECT
private slots:
  void aCallThatDoesNotComeBackIsAHang() {
    const auto found = find_hang({task_phase::running, 3s, 3s, true}, 2s);
    QVERIFY(found && found->is_in_call);
    QVERIFY(found->lasts == 3s);
    QVERIFY(!find_hang({task_phase::running, 1s, 1s, true}, 2s));
  }

  void whoDoesNotTakeWhatWaitsHangs() {
    const auto found = find_hang({task_phase::idle, 0s, 5s, true}, 2s);
    QVERIFY(found && !found->is_in_call);
    QVERIFY(found->lasts == 5s);
  }

  void whoHasNothingToDoDoesNotHang() { QVERIFY(!find_hang({task_phase::idle, 0s, 1h, false}, 2s)); }

  void whoMayNotGoOnDoesNotHang() {
    for (const auto phase : {task_phase::blocked, task_phase::backing_off, task_phase::finished, task_phase::starting,
                             task_phase::failed}) {
      QVERIFY2(!find_hang({phase, 0s, 1h, true}, 2s), to_string(phase));
    }
  }

  void nobodyLooksWithoutALimit() { QVERIFY(!find_hang({task_phase::running, 1h, 1h, true}, 0s)); }
};

QTEST_APPLESS_MAIN(hang_watch_test)
#include "hang_watch_test.moc"
