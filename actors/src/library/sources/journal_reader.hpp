#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sd_journal;

namespace millrace::library {

/// Reads entries of a system journal in their order, by libsystemd. Nothing here waits. Failures are std::runtime_error
/// that say which journal. Thread: one at a time.
class journal_reader {
public:
  /// `directory`: with the journal's files; empty: this machine's journal.
  explicit journal_reader(const std::string& directory);

  /// Only entries with this `FIELD=value`; values of the same field are alternatives. Before the first `next`.
  void match(const std::string& field_value);
  /// Behind an entry that was read before. False: it is gone, and reading goes on with the next one there is.
  [[nodiscard]] bool go_behind(const std::string& cursor);
  /// Behind all there is.
  void go_to_end();
  /// Goes to the next entry. False: there is none yet.
  [[nodiscard]] bool next();

  [[nodiscard]] std::string cursor() const;
  /// When it came, ns since 1970.
  [[nodiscard]] std::int64_t at() const;
  /// A field of the entry; the first where it has several. Lives until the next call.
  [[nodiscard]] std::optional<std::string_view> field(const std::string& name) const;

private:
  [[noreturn]] void fail(const std::string& what, int code) const;

  struct closer {
    void operator()(sd_journal* j) const noexcept;
  };
  std::string name_;
  std::unique_ptr<sd_journal, closer> journal_;
  bool is_on_next_ = false;  ///< stands on an entry that was not returned yet
};

}  // namespace millrace::library
