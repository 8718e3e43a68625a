#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"

namespace millrace {

enum class field_kind : std::uint8_t {
  boolean,
  integer,  ///< `bits` wide, `is_signed` or not
  float32,
  float64,
  string,
  bytes,
  event_time,   ///< nanoseconds since the Unix epoch
  decimal,      ///< unscaled 64-bit integer and scale
  enumeration,  ///< an integer on the wire, with names where known
  record,
  list,
  map,
};

struct schema;
using schema_ptr = std::shared_ptr<const schema>;

/// Type of one field. `nested` belongs to records, `element` to lists and maps (their values), `key` to maps.
struct field_type {
  field_kind kind = field_kind::integer;
  std::uint8_t bits = 64;  ///< 8, 16, 32 or 64: integers and enumerations only
  bool is_signed = true;   ///< integers and enumerations only
  bool optional = false;   ///< may be null
  schema_ptr nested{};
  std::shared_ptr<const field_type> element{};
  std::shared_ptr<const field_type> key{};
  std::vector<std::string> names{};  ///< of an enumeration, from 0 on; empty: not known

  [[nodiscard]] bool is_scalar() const noexcept { return kind < field_kind::record; }
  /// Compares the structure all the way down; names of enumerations and of nested records do not matter.
  friend bool operator==(const field_type& a, const field_type& b) noexcept;
};

/// `since`: version of the schema that brought the field. `personal`: data about a person, masked where views are
/// shared.
struct field {
  std::string name;
  field_type type{};
  std::uint32_t since = 1;
  bool personal = false;
};

/// What a record looks like: the order of the fields is the order on the wire. New versions only append fields.
///
/// Immutable once shared. Thread: any.
struct schema {
  std::string name;
  std::uint32_t version = 1;
  std::vector<field> fields;
  std::optional<std::uint32_t> event_time_field{};  ///< index of the field that is the record's event time

  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view field_name) const noexcept;
  /// How many fields a record of `written_version` has.
  [[nodiscard]] std::uint32_t fields_in(std::uint32_t written_version) const noexcept;
  /// True when some version up to this one has exactly `n` fields.
  [[nodiscard]] bool is_known_length(std::uint32_t n) const noexcept;
};

/// A field that a record can do without: null, or the default that came with a later version.
[[nodiscard]] inline bool has_default(const field& f) noexcept {
  return f.type.optional || f.since > 1;
}

/// What keeps bytes written with `writer` from being read with `reader`, one sentence a problem; empty: they can be
/// read. Fields may be appended (with a later `since`, or optional), never renamed, moved, removed or given another
/// type. A reader older than the writer is fine too: it skips what it does not know.
[[nodiscard]] std::vector<std::string> compatible(const schema& writer, const schema& reader);

/// Text of a type: `int64`, `string?`, `list<float64>`, `map<string,int32>`, `{a:int8,b:string}` for nested records.
[[nodiscard]] std::string to_text(const field_type& type);
/// Text of the fields as a parameter holds it: `account:string,amount:float64,at:event_time,qty:int64?`.
/// Versions and marks follow the type: `venue:string@2`, `email:string!personal`.
[[nodiscard]] std::string to_text(const schema& s);
/// Reads what `to_text` writes. The first `event_time` field becomes the event time, the highest `@` the version.
/// Errors (`parse_error`, the user's) name the column and what was expected there.
[[nodiscard]] result<schema> parse_schema(std::string_view name, std::string_view text);

/// Index of the first field that is a plain event time.
[[nodiscard]] std::optional<std::uint32_t> first_event_time(const std::vector<field>& fields) noexcept;

}  // namespace millrace
