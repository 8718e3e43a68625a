#include "plugins/plugin_note_reader.hpp"

#include <elf.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "millrace/plugin.hpp"

namespace millrace::plugins {

namespace {

// Beyond these a file is no plugin of ours, whatever it says.
constexpr std::uint64_t sections_max = 10'000;
constexpr std::uint64_t note_bytes_max = 4096;

/// Reads pieces of a file that may be anything: every read says whether it lay inside.
class file_pieces {
public:
  explicit file_pieces(const std::string& path) : in_{path, std::ios::binary} {}
  [[nodiscard]] bool is_open() const { return in_.is_open(); }
  template <class T>
  [[nodiscard]] bool read(std::uint64_t at, T& out) {
    return read(at, reinterpret_cast<char*>(&out), sizeof(T));
  }
  [[nodiscard]] bool read(std::uint64_t at, char* to, std::size_t bytes) {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(at));
    in_.read(to, static_cast<std::streamsize>(bytes));
    return in_.good() || (in_.eof() && static_cast<std::size_t>(in_.gcount()) == bytes);
  }

private:
  std::ifstream in_;
};

std::optional<std::string> text_of_note(file_pieces& file, const Elf64_Shdr& section) {
  constexpr auto head_bytes = offsetof(detail::plugin_note, text);
  if (section.sh_size < head_bytes || section.sh_size > note_bytes_max) return std::nullopt;
  std::vector<char> content(section.sh_size);
  if (!file.read(section.sh_offset, content.data(), content.size())) return std::nullopt;
  detail::plugin_note head;
  std::memcpy(static_cast<void*>(&head), content.data(), head_bytes);
  if (head.type != 1 || std::memcmp(head.name, "millrace", 9) != 0) return std::nullopt;
  if (head.text_bytes > content.size() - head_bytes) return std::nullopt;
  const std::string_view text{content.data() + head_bytes, head.text_bytes};
  return std::string{text.substr(0, text.find('\0'))};
}

std::optional<std::string> find_note(file_pieces& file) {
  Elf64_Ehdr head{};
  if (!file.read(0, head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_type != ET_DYN) return std::nullopt;
  if (head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shnum > sections_max) return std::nullopt;
  for (std::uint64_t i = 0; i < head.e_shnum; ++i) {
    Elf64_Shdr section{};
    if (!file.read(head.e_shoff + i * sizeof(section), section)) return std::nullopt;
    if (section.sh_type != SHT_NOTE && section.sh_type != SHT_PROGBITS) continue;
    if (auto text = text_of_note(file, section)) return text;
  }
  return std::nullopt;
}

std::string_view value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=')
      return line.substr(key.size() + 1);
  }
  return {};
}

std::uint64_t number_of(std::string_view text, std::string_view key) {
  const auto digits = value_of(text, key);
  std::uint64_t n = 0;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return n;
}

}  // namespace

result<plugin_identity> read_plugin_note(const std::string& path) {
  file_pieces file{path};
  if (!file.is_open()) return user_error(errc::io_error, "cannot read '" + path + "'");
  const auto text = find_note(file);
  if (!text) {
    return user_error(
        errc::invalid_argument,
        "'" + path + "' is no plugin: it has no note of Millrace (MILLRACE_PLUGIN in one of its sources)");
  }
  plugin_identity out{number_of(*text, "abi"), number_of(*text, "layout"), std::string{value_of(*text, "name")},
                      std::string{value_of(*text, "version")}};
  if (out.name.empty()) return user_error(errc::invalid_argument, "the plugin '" + path + "' has no name");
  return out;
}

}  // namespace millrace::plugins
