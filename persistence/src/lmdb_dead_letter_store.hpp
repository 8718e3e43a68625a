#pragma once

#include <memory>
#include <string>

#include "letter_file.hpp"
#include "lmdb.hpp"
#include "millrace/persistence/dead_letter_store.hpp"

namespace millrace::persistence {

/// Dead letters on disk.
///
/// | database | key | value |
/// | packs | task, zero byte, first number | checksum of key and rest, count, kind, a block of engine::letter_writer |
///   or, of a large block, where it lies in the file `letters` and its checksum
/// | holes | offset in the file | bytes of an erased pack, to be given back by the next writer |
/// | arrivals | running number | key of a pack: which came first |
/// | marks | task, zero byte, number | what was done with a letter |
/// | requests | as in marks | nothing: the letters to be replayed that have no place in a queue yet |
/// | queue | task, zero byte, sequence | key of a letter's mark |
/// | counters | task | letters, replays of the newest complete snapshot |
/// | totals | "totals" | letters, bytes, dropped, next running number |
///
/// Inside, failures travel as exceptions; each call of the port turns them into its result.
class lmdb_dead_letter_store final : public engine::dead_letter_store {
public:
  static result<std::unique_ptr<lmdb_dead_letter_store>> open(const std::filesystem::path& folder,
                                                              const dead_letter_options& options);

  result<void> put(const std::vector<engine::letter_pack>& packs) override;
  result<void> confirm(const engine::counters_by_task& counters) override;
  result<void> go_back(const engine::counters_by_task& counters) override;
  result<void> for_each(const std::function<bool(const engine::kept_letter&)>& visit,
                        const engine::letter_id* after) override;
  result<engine::kept_letter> find(const engine::letter_id& id) override;
  result<engine::letter_totals> totals() override;
  result<void> fix(const std::vector<std::pair<engine::letter_id, engine::letter_fix>>& fixes) override;
  result<void> request(const std::vector<engine::letter_id>& ids) override;
  result<void> discard(const std::vector<engine::letter_id>& ids) override;
  result<std::vector<engine::kept_letter>> requested(const engine::replay_limit& most) override;
  result<void> queue(const std::vector<std::pair<engine::letter_id, std::string>>& to) override;
  result<std::vector<engine::replay_item>> replays(const std::string& task, std::uint64_t sequence) override;
  result<engine::replay_backlog> backlog(const std::vector<std::string>& tasks) override;

private:
  class session;
  lmdb_dead_letter_store(std::shared_ptr<lmdb::environment> env, dead_letter_settings limits)
      : env_{std::move(env)}, file_{env_->folder() / "letters"}, limits_{limits} {}
  void open_databases();
  template <class F>
  auto run(lmdb::transaction::mode how, F&& work) -> result<decltype(work(std::declval<session&>()))>;

  std::shared_ptr<lmdb::environment> env_;
  letter_file file_;
  dead_letter_settings limits_;
  MDB_dbi packs_ = 0;
  MDB_dbi arrivals_ = 0;
  MDB_dbi marks_ = 0;
  MDB_dbi queue_ = 0;
  MDB_dbi counters_ = 0;
  MDB_dbi totals_ = 0;
  MDB_dbi requests_ = 0;
  MDB_dbi holes_ = 0;
};

}  // namespace millrace::persistence
