#pragma once

#include <QObject>

#include "millrace/engine/event_log.hpp"

namespace millrace::tests {

/// What every `event_log` must do. A subclass says how to get one, how to lose one and how to damage an entry.
class event_log_conformance : public QObject {
  Q_OBJECT

protected:
  virtual void make_fresh() = 0;
  virtual void restart() = 0;
  virtual void damage(std::string_view topic, std::uint32_t partition, engine::log_offset offset) = 0;
  virtual engine::event_log& log() = 0;

private slots:
  void init();
  void countsEventsNotBatches();
  void readsFromTheMiddleOfABatch();
  void boundsWhatOneReadReturns();
  void keepsPartitionsAndTopicsApart();
  void trimsWholeBatchesOnly();
  void neverUsesAnOffsetTwice();
  void saysTruncatedBelowTheHead();
  void refusesWhatMakesNoSense();
  void namesADamagedEntry();
};

}  // namespace millrace::tests
