#pragma once

#include <optional>
#include <string>
#include <vector>

#include "library/sources/journal_reader.hpp"
#include "library/sources/text_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/source_params.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Brings entries of a system journal into a topology, from the same entry again after a crash: a position is the
/// journal's cursor. Partition 0 reads, the others have nothing to do.
class journal final : public producer {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override { out.string(cursor_); }
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override { return std::to_string(entries_) + " entries since the start"; }
  std::chrono::nanoseconds disorder() const override { return disorder_.allowed(); }

private:
  [[nodiscard]] result<void> read_matches();
  void go_to_position(context& c);
  void take(context& c);
  [[nodiscard]] bool fill(std::uint32_t index);

  param<std::string> directory_{
      this,
      "directory",
      "",
      {.is_path = true, .help = "A folder with the files of a journal; empty: this machine's journal."}};
  param<std::string> fields_{
      this,
      "fields",
      "at:event_time,host:string?,unit:string?,identifier:string?,pid:int64?,priority:int8?,message:string?",
      {.help =
           "Names and types: at, message, priority, unit, host, identifier, pid, uid, comm, boot, transport, and any "
           "other field of the journal in small letters."}};
  param<std::string> unit_{
      this, "unit", "", {.help = "Only entries of these units, separated by commas; .service may be left out."}};
  param<std::string> priority_{
      this,
      "priority",
      "debug",
      {.choices = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"},
       .help = "Only entries at least so important; debug: all, also those without a priority."}};
  param<std::string> match_{
      this,
      "match",
      "",
      {.help =
           "Only entries with these fields, separated by ';': _TRANSPORT=kernel;SYSLOG_IDENTIFIER=sudo. The same field "
           "twice: either."}};
  param<std::string> from_{this,
                           "from",
                           "start",
                           {.choices = {"start", "now"},
                            .help = "Where the first run begins: with the oldest entry, or with those that come."}};
  param<bool> follow_{
      this, "follow", true, {.help = "Waits for more at the end of the journal; no: the input ends there."}};
  idle_watch quiet_{this, "an entry"};
  param<std::string> on_missing_{
      this,
      "on_missing",
      "fail",
      {.choices = {"fail", "skip"},
       .help =
           "When the entry of a snapshot is gone from the journal: fail the actor, or go on with the next there is."}};
  disorder_param disorder_{this, 1000};
  out<record_view> out_{this, "out"};

  std::vector<std::string> matches_;
  std::vector<std::string> names_;  ///< the journal's, of each field; empty: the entry's time
  std::optional<text_fields> row_;
  std::optional<journal_reader> reader_;
  std::string cursor_;  ///< of the entry read last
  std::uint64_t entries_ = 0;
};

}  // namespace millrace::library
