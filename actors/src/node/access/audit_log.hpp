#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::node {

/// Who asked for what, and what came of it: a line of JSON an entry in `audit.log`, each with a code (HMAC-SHA256 under
/// the node's secret) over itself and the code before it. `audit.head` holds the number and the code of the last one,
/// so that a line that was changed, left out, put in, moved or cut off at the end shows. Who has the node's secret can
/// forge all of it: keep copies elsewhere.
///
/// A full `audit.log` becomes `audit.NUMBER.log` (of its first entry, twelve digits) and the chain goes on in a new
/// one. Of the full ones the newest seven are kept; `audit.head` also holds where the chain begins that is left.
/// Thread: one owner.
class audit_log {
public:
  struct entry {
    std::string at;   ///< ISO 8601
    std::string who;  ///< a key's name, or `local:` and the user's id
    std::string verb;
    std::string topology;  ///< empty: it is about none
    std::string outcome;   ///< "ok", or the word for the error
    std::string detail{};  ///< what else there is to say; empty: nothing
  };

  static constexpr std::uintmax_t file_bytes_max = 8U << 20U;
  static constexpr std::size_t files_max = 8;

  /// Goes on behind what is there. Errors: what `verify` finds wrong with its end, files that cannot be written.
  [[nodiscard]] static result<audit_log> open(const std::filesystem::path& folder, std::string secret,
                                              std::uintmax_t bytes_max = file_bytes_max);
  audit_log(audit_log&& other) noexcept;
  audit_log& operator=(audit_log&&) = delete;
  ~audit_log();

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  /// Durable when it returns. After an error it is not there, and the log goes on as soon as it can be written again.
  [[nodiscard]] result<void> add(const entry& e);

  struct verdict {
    std::uint64_t first = 1;    ///< number of the first that is kept
    std::uint64_t entries = 0;  ///< intact from the first on
    std::string problem{};      ///< what is wrong, with the line; empty: all is as it was written
  };
  /// The newest entries, newest first: at most `most`, of the two newest files' last KiB for each. What is no entry is
  /// left out.
  [[nodiscard]] static std::vector<entry> newest(const std::filesystem::path& folder, std::size_t most);

  /// Where the chain is behind a full file.
  struct link {
    std::uint64_t last = 0;
    std::string code{};
  };
  /// Full files that were good, by what would change with them.
  using memory = std::map<std::string, link>;

  /// Reads all of it, but for full files that `known` remembers: of 8 MiB a few hundred ms. Error (`not_found`): there
  /// is no log.
  [[nodiscard]] static result<verdict> verify(const std::filesystem::path& folder, std::string_view secret,
                                              memory* known = nullptr);

private:
  audit_log(std::filesystem::path folder, std::string secret, std::uintmax_t bytes_max)
      : folder_{std::move(folder)}, secret_{std::move(secret)}, bytes_max_{bytes_max} {}
  [[nodiscard]] result<void> open_file(std::uintmax_t good_bytes);
  [[nodiscard]] result<void> begin_file();
  [[nodiscard]] result<void> write_head() const;
  void take_back();

  std::filesystem::path folder_;
  std::string secret_;
  std::uintmax_t bytes_max_;
  std::uint64_t count_ = 0;
  std::string last_code_;
  std::uint64_t first_ = 1;     // number of the first that is kept
  std::string before_;          // the code before it
  std::uint64_t begun_at_ = 1;  // number of the first entry of audit.log
  std::uintmax_t bytes_ = 0;    // in it
  bool is_stuck_ = false;       // behind them is what could not be taken back
  int descriptor_ = -1;
};

}  // namespace millrace::node
