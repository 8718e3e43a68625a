#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/key_bytes.hpp"

namespace millrace::engine {

/// A question about the keyed state of a task that runs, small enough to be answered between two batches.
struct state_request {
  enum class kind : std::uint8_t {
    get,   ///< one key
    scan,  ///< keys in the order of storage
    size,  ///< rows and bytes by key group
  };
  kind what = kind::get;
  std::string state{};              ///< only this one; empty: all
  key_bytes key{};                  ///< get
  std::string prefix{};             ///< scan: keys that are (or begin with) a text that starts so
  std::optional<key_bytes> from{};  ///< scan: this key and those after it; one scalar
  std::optional<key_bytes> to{};    ///< scan: those before this key
  std::uint32_t cursor = 0;         ///< scan, size: where to go on
  std::uint32_t limit = 100;        ///< scan: rows at most
};

/// One key's state as JSON. Consistent: no handler ran between the parts of it.
struct state_row {
  std::string key;                            ///< JSON
  std::map<std::string, std::string> states;  ///< by name, JSON; those that have expired are not there
};

struct state_size {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< rows and what they hold outside of their pages; not the index
};

struct state_answer {
  std::vector<state_row> rows{};
  std::map<std::uint32_t, state_size> groups{};  ///< size: by key group, of the pages looked at
  std::optional<std::uint32_t> next{};           ///< the cursor to ask again with; none: that was all
};

}  // namespace millrace::engine
