#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "library/patterns/pattern_text.hpp"
#include "millrace/codec.hpp"
#include "millrace/patterns/matcher.hpp"

namespace millrace::library {

/// A rule from an event time on; without text it is deleted from then on.
struct rule_change {
  event_time from{};
  std::uint64_t number{};
  std::string id{};
  std::string text{};
};
MILLRACE_RECORD(rule_change, 1, from, number, id, text)

/// A rule between two changes of it.
struct rule_version {
  rule_change change;
  event_time until = event_time::max();
  std::shared_ptr<const pattern_rule> rule;  ///< nullptr: deleted
  std::unique_ptr<patterns::matcher> matcher;

  [[nodiscard]] bool is_active(event_time at) const noexcept {
    return rule != nullptr && change.from <= at && at < until;
  }
};

/// The rules of a pattern actor over event time: which pattern each rule has at which time. What lies before the
/// watermark is forgotten but for what still holds. Part of the actor's state. Thread: owning actor.
class rule_book {
public:
  static constexpr std::size_t rules_max = 1'000;

  explicit rule_book(patterns::match_limits limits = {}) : limits_{limits} {}

  /// The rule that stands in the topology: from the beginning of time, unless a change says otherwise.
  [[nodiscard]] result<void> begin_with(const std::string& id, const std::string& text, const schema& records);
  /// A rule changes at `from`; of changes at the same time the last one counts. Unchanged on error.
  [[nodiscard]] result<void> change(event_time from, std::string id, std::string text, const schema& records);
  /// No event up to `watermark` is to come any more.
  void forget(event_time watermark);

  [[nodiscard]] std::vector<rule_version>& versions() noexcept { return versions_; }
  /// nullptr when it was forgotten, so that nothing of it can be asked for.
  [[nodiscard]] rule_version* find(std::uint64_t number) noexcept;

  void save(msgpack::writer& out) const;
  /// Reads what `save` wrote; rules are read anew by `compile`.
  [[nodiscard]] bool load(msgpack::reader& in);
  /// After `load`. Error: a rule that does not fit the records any more.
  [[nodiscard]] result<void> compile(const schema& records);

private:
  [[nodiscard]] result<void> add(rule_change c, const schema& records);
  void set_ends();

  /// Numbers of changes start here; below it, the rule of the topology has a number made of its text.
  static constexpr std::uint64_t first_number = std::uint64_t{1} << 32;

  patterns::match_limits limits_;
  std::vector<rule_version> versions_;  ///< by time, then number
  std::vector<rule_change> loaded_;
  std::string initial_id_;
  std::uint64_t next_number_ = first_number;
};

}  // namespace millrace::library
