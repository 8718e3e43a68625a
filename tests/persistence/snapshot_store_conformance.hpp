#pragma once

#include <QObject>
#include <map>
#include <string>
#include <vector>

#include "file_damage.hpp"
#include "millrace/engine/snapshot_store.hpp"

namespace millrace::tests {

/// What a snapshot should contain, held in the plainest form.
struct model_task {
  std::vector<std::string> pages;
  std::string meta;
  bool operator==(const model_task&) const = default;
};
using model = std::map<std::string, model_task>;

/// Reads everything of `epoch`; fails the running test when it cannot.
model contents(engine::snapshot_store& store, epoch_id epoch);

/// Takes `state` in as a snapshot in which every page is given, without committing it.
void give_all(engine::snapshot_writer& writer, const model& state);

/// Writes all of `state` as the next epoch and commits it.
epoch_id commit_all(engine::snapshot_store& store, generation incarnation, const model& state);

/// What every `snapshot_store` must do. A subclass says how to get one and how to lose one.
class snapshot_store_conformance : public QObject {
  Q_OBJECT

protected:
  virtual void make_fresh() = 0;
  /// The process dies without a word and starts again on the same storage.
  virtual void restart() = 0;
  virtual engine::snapshot_store& store() = 0;

private slots:
  void init();
  void handsOutGenerationsThatOnlyGrow();
  void neverHandsOutAnEpochTwice();
  void readsBackWhatWasCommitted();
  void readsBackEmptyAndSpanningPages();
  void takesTurns();
  void carriesOverPagesThatWereNotGiven();
  void dropsPagesBeyondTheCountAndUnmentionedTasks();
  void refusesHolesAndPagesGivenTwice();
  void forgetsAWriterThatWasAborted();
  void forgetsAWriterThatDiedWithItsProcess();
  void handsOutEpochsWhileASnapshotIsWritten();
  void fencesOlderGenerations();
  void refusesEpochsThatAreNotNext();
  void boundsKeysAndPageNumbers();
  void refusesASecondWriter();
  void refusesALedgerEntryOfAnotherEpoch();
  void keepsTheLastLedgerEntries();
  void wantsEveryPageAfterARestart();
  void takesARestoredEpochAsItsBase();
  void namesTheOldestRetainedEpoch();
  void discardsOnlyWhatCanBeSpared();
  void startsAfreshWhenEverythingIsDiscarded();
  void readsOneEpochWhileOthersAreWritten();
  void readsPiecesApartAndByAnyReader();
  void matchesAModelOverManyEpochs();
};

}  // namespace millrace::tests
