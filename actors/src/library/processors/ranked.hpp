#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "library/processors/key_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What rankings of items within a group share: the items, what is added up for them, and the records that come out.
///
/// Rankings are exact. Items of equal totals come in the order of their canonical form, so that the result is the same
/// in every run. Memory: each different item of a group, at most `items_max`.
class ranked : public processor {
protected:
  using ranking = std::vector<std::pair<std::string, double>>;  ///< items in canonical form, and their totals

  /// Adds `rank`, the item's fields and `sum` or `count`. Errors name the parameter.
  [[nodiscard]] result<void> add_columns(const schema& arriving, schema& made);
  /// What the record adds to its item; NaN: nothing.
  [[nodiscard]] double added_by(const record_view& record) const;
  [[nodiscard]] std::string item_of(const record_view& record);
  /// Throws when a new item would be one too many.
  void check_room(const std::map<std::string, double>& totals, const std::string& item) const;
  [[nodiscard]] ranking best_of(const std::map<std::string, double>& totals) const;
  /// Sets what `add_columns` added, from `field` on. Returns the number of the first field behind.
  std::uint32_t set_columns(dynamic_builder& row, std::uint32_t field, std::int64_t rank,
                            const ranking::value_type& one) const;
  virtual void on_record(context& c, const record_view& record) = 0;
  void take(context& c, const record_view& record) { on_record(c, record); }

  in<record_view> in_{this, "in", &ranked::take};
  out<record_view> out_{this, "out"};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The group's fields, separated by commas."}};
  param<std::string> item_{
      this, "item", "", {.required = true, .help = "The fields that make an item, separated by commas."}};
  param<std::string> value_{
      this, "value", "", {.help = "The numeric field to sum up for each item; left out: events are counted."}};
  param<std::int64_t> k_{this, "k", 10, {.unit = "items", .min = 1, .max = 10'000, .help = "How many come out."}};
  param<std::int64_t> items_max_{this,
                                 "items_max",
                                 100'000,
                                 {.unit = "items",
                                  .min = 1,
                                  .max = 10'000'000,
                                  .help = "Different items of a group that are kept; one more fails."}};

private:
  key_fields items_;
  bool has_value_ = false;
  std::uint32_t value_index_ = 0;
  byte_buffer scratch_;
};

}  // namespace millrace::library
