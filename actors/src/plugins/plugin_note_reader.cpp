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
constexpr std::size_t build_id_bytes_max = 64;

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

std::string hex_of(const char* bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += {digits[byte >> 4U], digits[byte & 0xFU]};
  }
  return out;
}

/// Where the part of a note that has so many bytes ends: such parts are of four bytes each.
constexpr std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + 3) / 4 * 4;
}

/// A section may hold several notes.
std::optional<std::string> build_id_of_notes(file_pieces& file, const Elf64_Shdr& section) {
  if (section.sh_type != SHT_NOTE || section.sh_size > note_bytes_max) return std::nullopt;
  std::vector<char> content(section.sh_size);
  if (!file.read(section.sh_offset, content.data(), content.size())) return std::nullopt;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= content.size();) {
    Elf64_Nhdr note{};
    std::memcpy(&note, content.data() + at, sizeof note);
    const auto name = at + sizeof note;
    const auto bytes = name + padded(note.n_namesz);
    if (bytes + note.n_descsz > content.size()) return std::nullopt;
    const bool is_gnu = note.n_namesz == sizeof ELF_NOTE_GNU &&
                        std::memcmp(content.data() + name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0;
    if (is_gnu && note.n_type == NT_GNU_BUILD_ID && note.n_descsz <= build_id_bytes_max)
      return hex_of(content.data() + bytes, note.n_descsz);
    at = bytes + padded(note.n_descsz);
  }
  return std::nullopt;
}

/// What is wanted of a file: the text of its note, and its build id.
struct found_notes {
  std::optional<std::string> text;
  std::optional<std::string> build_id;
};

found_notes find_notes(file_pieces& file) {
  Elf64_Ehdr head{};
  if (!file.read(0, head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return {};
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_type != ET_DYN) return {};
  if (head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shnum > sections_max) return {};
  found_notes out;
  for (std::uint64_t i = 0; i < head.e_shnum && !(out.text && out.build_id); ++i) {
    Elf64_Shdr section{};
    if (!file.read(head.e_shoff + i * sizeof(section), section)) break;
    if (section.sh_type != SHT_NOTE && section.sh_type != SHT_PROGBITS) continue;
    if (!out.text) out.text = text_of_note(file, section);
    if (!out.build_id) out.build_id = build_id_of_notes(file, section);
  }
  return out;
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
  const auto notes = find_notes(file);
  const auto& text = notes.text;
  if (!text) {
    return user_error(
        errc::invalid_argument,
        "'" + path + "' is no plugin: it has no note of Millrace (MILLRACE_PLUGIN in one of its sources)");
  }
  plugin_identity out{number_of(*text, "abi"), number_of(*text, "layout"), std::string{value_of(*text, "name")},
                      std::string{value_of(*text, "version")}, notes.build_id.value_or("")};
  if (out.name.empty()) return user_error(errc::invalid_argument, "the plugin '" + path + "' has no name");
  return out;
}

}  // namespace millrace::plugins
