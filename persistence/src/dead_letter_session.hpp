#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dead_letter_format.hpp"
#include "lmdb_dead_letter_store.hpp"

namespace millrace::persistence {

using engine::counters_by_task;
using engine::kept_letter;
using engine::letter_counters;
using engine::letter_fix;
using engine::letter_id;
using engine::letter_pack;
using engine::letter_state;
using engine::letter_totals;
using engine::replay_item;
using lmdb::transaction;
using namespace letters;

struct stored_sums : letter_totals {
  std::uint64_t next_arrival = 0;
  std::uint64_t file_end = 0;
};

/// One transaction and what is done in it. Failures are exceptions (`letters::failure`). Thread: one, as long as the
/// transaction.
class lmdb_dead_letter_store::session {
public:
  session(lmdb_dead_letter_store& store, transaction& in) : s_{store}, in_{in} {}
  /// Before the transaction is committed.
  void finish();

  // dead_letter_packs.cpp
  void add(const letter_pack& p);
  void erase_pack(bytes_view key);
  /// Everything of the task from `number` on goes.
  void truncate(const std::string& task, std::uint64_t number);
  std::set<std::string> tasks();
  /// Until `visit` says false; with the one that `from` is in first.
  void for_each_pack(const letter_id* from, const std::function<bool(const pack_view&)>& visit);
  /// The key of the pack that has the letter.
  std::optional<std::vector<std::byte>> pack_with(const letter_id& id);
  std::vector<dead_letter> letters_of(const pack_view& p);
  /// Gives back the room of packs that earlier transactions have erased. Writing only.
  void reclaim();
  void drop_if_empty(const std::vector<std::byte>& key);
  const letter_totals& totals() { return sums(); }

  // dead_letter_marks.cpp
  std::optional<mark> find_mark(const letter_id& id);
  kept_letter kept(const letter_id& id, dead_letter&& what, const std::optional<mark>& m);
  kept_letter find(const letter_id& id);
  void fix(const letter_id& id, const letter_fix& f);
  void request(const letter_id& id);
  void discard(const letter_id& id);
  void enqueue(const letter_id& id, const std::string& target);
  std::vector<kept_letter> requested(const engine::replay_limit& most);
  std::vector<replay_item> replays(const std::string& target, std::uint64_t sequence);
  engine::replay_backlog backlog(const std::vector<std::string>& tasks);
  letter_counters counters(const std::string& task);
  void store(const std::string& task, const letter_counters& c);
  void store_all(const counters_by_task& all);
  std::vector<std::string> counted_tasks();

private:
  // Letters stand side by side, and so do those that somebody chooses: each pack is read once.
  struct open_pack {
    std::string task;
    std::uint64_t first = 0;
    std::vector<dead_letter> letters;
  };

  pack_view parse(bytes_view key, bytes_view value) const;
  [[nodiscard]] failure damaged(const letter_id& from) const;
  const dead_letter* look_up(const letter_id& id);
  bool make_room(std::uint64_t bytes, const letter_pack& p);
  bool drop_oldest();
  stored_sums& sums();
  void erase_mark(const letter_id& id);
  void store(const letter_id& id, const mark& m);
  mark editable(const letter_id& id);
  std::uint64_t next_sequence(const std::string& target);

  lmdb_dead_letter_store& s_;
  transaction& in_;
  std::map<std::string, letter_counters> counters_;  // looked up before
  std::map<std::string, std::uint64_t> next_sequence_;
  std::optional<stored_sums> sums_;
  std::optional<stored_sums> sums_before_;
  std::optional<open_pack> open_;
  std::vector<bytes_view> to_file_;  // blocks from `to_file_at_` on, written before the transaction is committed
  std::uint64_t to_file_at_ = 0;
};

}  // namespace millrace::persistence
