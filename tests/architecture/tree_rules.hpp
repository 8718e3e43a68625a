#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace millrace::architecture {

/// One source of the tree. The path is relative to the tree's root, with forward slashes.
struct source_file {
  std::string path;
  std::string text;
};

/// One breach of a rule.
struct finding {
  std::string path;
  int line = 0;  ///< counted from 1; 0: the file as a whole
  std::string what;
};

/// Every `.hpp` and `.cpp` below the layers' folders of the tree at `root`; folders that do not exist are passed over.
[[nodiscard]] std::vector<source_file> read_tree(const std::filesystem::path& root);

/// Keeps the direction of dependencies where the linker cannot see it: a header-only include needs no link.
///
/// Works on text and knows only `#include` lines; the build refuses wrong links by itself (MillraceLayers.cmake).
class tree_rules {
public:
  explicit tree_rules(std::vector<source_file> files);

  /// Includes of a layer that is not below, of another layer's third-party library, of umbrella headers, and of
  /// anything but the standard library and Millrace in the framework's public headers.
  [[nodiscard]] std::vector<finding> includes() const;

  /// Notes to oneself that were left in the code.
  [[nodiscard]] std::vector<finding> leftovers() const;

  /// Sources too long to read: over 500 lines.
  [[nodiscard]] std::vector<finding> oversized() const;

  /// Headers over 150 lines and sources over 300: worth a look, allowed.
  [[nodiscard]] std::vector<finding> worth_splitting() const;

  [[nodiscard]] std::size_t file_count() const noexcept { return files_.size(); }

private:
  void check_include(const source_file& file, int line, const std::string& name, std::vector<finding>& found) const;

  std::vector<source_file> files_;
  std::map<std::string, std::string> layer_of_header_;  // "millrace/error.hpp" -> "framework"
};

}  // namespace millrace::architecture
