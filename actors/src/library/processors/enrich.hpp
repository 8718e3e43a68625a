#pragma once

#include <optional>
#include <string>
#include <vector>

#include "library/processors/key_fields.hpp"
#include "library/processors/lookup_table.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Adds to each event the fields of the row that a file has for its key.
///
/// The problem: master data lives in files that somebody writes anew now and then, perhaps while they are read. A
/// changed file is taken over when it looked the same at two looks in a row and reads without a fault; until then, and
/// when it is gone or broken, the old table stays and the log says so. The table is no state: after a recovery events
/// are joined with the file as it is then. Each partition holds the whole table.
class enrich final : public processor {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  [[nodiscard]] bool is_blocking() const noexcept override { return true; }

private:
  enum class absent : unsigned char { null, drop, output };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> find_key(const schema& arriving, const schema& table);
  [[nodiscard]] result<void> add_columns(const schema& table, schema& made);
  void look(context& c);
  void emit(const record_view& record, const record_view* row);

  in<record_view> in_{this, "in", &enrich::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> missing_{this, "missing", {.optional = true}};
  param<std::string> path_{
      this,
      "path",
      "",
      {.required = true, .is_path = true, .help = "The file of the table, CSV with a header or JSON lines."}};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.required = true, .help = "The table's fields and types, e.g. customer:string,name:string,since:event_time?."}};
  param<std::string> key_{
      this,
      "key",
      "",
      {.required = true, .help = "The key's fields, as they are called in the table, separated by commas."}};
  param<std::string> event_key_{
      this, "event_key", "", {.help = "What the events call the key's fields, in that order; left out: the same."}};
  param<std::string> format_{
      this, "format", "auto", {.choices = {"auto", "csv", "jsonl"}, .help = "auto goes by the end of the name."}};
  param<std::string> absent_{this,
                             "absent",
                             "null",
                             {.choices = {"null", "drop", "output"},
                              .help = "Events without a row: null fields are added; drop: they go; output: they go to "
                                      "the output 'missing'."}};
  param<std::string> reload_{
      this, "reload", "0s", {.help = "How often to look whether the file has changed, e.g. 10s; 0s: never."}};
  param<std::int64_t> rows_max_{
      this, "rows_max", 1'000'000, {.unit = "rows", .min = 1, .max = 100'000'000, .help = "Rows a table may have."}};

  absent how_ = absent::null;
  lookup_table::source source_;
  std::optional<lookup_table> table_;
  key_fields keys_;                   ///< in the events
  std::vector<std::uint32_t> added_;  ///< of the table
  std::int64_t reload_ns_ = 0;
  std::int64_t next_look_ = 0;
  file_stamp loaded_;     ///< of the table there is
  file_stamp seen_;       ///< at the last look
  file_stamp refused_;    ///< broken: said once
  bool is_gone_ = false;  ///< said once
  byte_buffer scratch_;
};

}  // namespace millrace::library
