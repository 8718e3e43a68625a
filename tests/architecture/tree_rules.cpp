#include "tree_rules.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string_view>
#include <utility>

namespace millrace::architecture {
namespace {

struct layer {
  std::string_view name;
  int rank;
};

// As in cmake/MillraceLayers.cmake: a layer sees only lower ranks.
constexpr std::array layers{layer{"framework", 0}, layer{"persistence", 1}, layer{"transport", 1},
                            layer{"plugins", 1},   layer{"actors", 2},      layer{"workbench", 2}};

struct library {
  std::string_view prefix;
  std::string_view owner;  // the only layer that may include it
};

constexpr std::array libraries{
    library{"caf/", "actors"},         library{"zmq", "transport"},     library{"lmdb", "persistence"},
    library{"Q", "workbench"},         library{"lua", "actors"},        library{"sqlite3", "actors"},
    library{"libpq", "plugins"},       library{"hiredis/", "plugins"},  library{"mosquitto", "plugins"},
    library{"librdkafka/", "plugins"}, library{"microhttpd", "actors"}, library{"curl/", "actors"}};

constexpr std::size_t lines_max = 500;
constexpr std::size_t header_lines_wanted = 150;
constexpr std::size_t source_lines_wanted = 300;

std::string layer_of(std::string_view path) {
  return std::string{path.substr(0, path.find('/'))};
}

int rank_of(std::string_view name) {
  const auto at = std::ranges::find(layers, name, &layer::name);
  return at == layers.end() ? -1 : at->rank;
}

bool is_header(std::string_view path) {
  return path.ends_with(".hpp");
}

bool is_public_header(const source_file& file) {
  return is_header(file.path) && file.path.find("/include/") != std::string::npos;
}

bool is_standard_header(std::string_view name) {
  return name.find_first_of("./") == std::string_view::npos;
}

bool is_allowed_in_public(std::string_view name) {
  return is_standard_header(name) || name.starts_with("millrace/");
}

template <class Visit>
void each_line(const source_file& file, Visit visit) {
  std::istringstream in{file.text};
  int number = 0;
  for (std::string line; std::getline(in, line);) visit(++number, line);
}

std::size_t line_count(const source_file& file) {
  return static_cast<std::size_t>(std::ranges::count(file.text, '\n'));
}

std::vector<finding> longer_than(const std::vector<source_file>& files, std::size_t header_max,
                                 std::size_t source_max) {
  std::vector<finding> found;
  for (const auto& file : files) {
    const auto limit = is_header(file.path) ? header_max : source_max;
    const auto lines = line_count(file);
    if (lines > limit) found.push_back({file.path, 0, std::to_string(lines) + " lines, over " + std::to_string(limit)});
  }
  return found;
}

source_file read_file(const std::filesystem::path& root, const std::filesystem::path& path) {
  std::ifstream in{path};
  return {std::filesystem::relative(path, root).generic_string(), {std::istreambuf_iterator<char>{in}, {}}};
}

}  // namespace

std::vector<source_file> read_tree(const std::filesystem::path& root) {
  std::vector<source_file> files;
  for (const auto& layer : layers) {
    const auto folder = root / layer.name;
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
      const auto extension = entry.path().extension();
      if (extension == ".hpp" || extension == ".cpp") files.push_back(read_file(root, entry.path()));
    }
  }
  std::ranges::sort(files, {}, &source_file::path);
  return files;
}

tree_rules::tree_rules(std::vector<source_file> files) : files_{std::move(files)} {
  constexpr std::string_view marker = "/include/";
  for (const auto& file : files_) {
    const auto at = file.path.find(marker);
    if (at != std::string::npos) layer_of_header_[file.path.substr(at + marker.size())] = layer_of(file.path);
  }
}

std::vector<finding> tree_rules::includes() const {
  static const std::regex pattern{R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])"};
  std::vector<finding> found;
  for (const auto& file : files_) {
    each_line(file, [&](int number, const std::string& line) {
      std::smatch match;
      if (std::regex_search(line, match, pattern)) check_include(file, number, match[1], found);
    });
  }
  return found;
}

void tree_rules::check_include(const source_file& file, int line, const std::string& name,
                               std::vector<finding>& found) const {
  const auto own = layer_of(file.path);
  const auto report = [&](std::string what) { found.push_back({file.path, line, std::move(what)}); };

  if (name == "caf/all.hpp") report("caf/all.hpp costs seconds and hundreds of MB a source: include what is used");
  for (const auto& library : libraries) {
    if (name.starts_with(library.prefix) && own != library.owner) {
      report("only " + std::string{library.owner} + "/ may include <" + name + ">");
      return;
    }
  }
  const auto header = layer_of_header_.find(name);
  if (header != layer_of_header_.end()) {
    if (header->second != own && rank_of(header->second) >= rank_of(own)) {
      report(own + "/ may not include " + name + " of " + header->second + "/: dependencies only go downwards");
    }
    return;
  }
  if (own == "framework" && is_public_header(file) && !is_allowed_in_public(name)) {
    report("a public header of framework/ includes " + name + ": only the standard library and millrace/ are allowed");
  }
}

std::vector<finding> tree_rules::leftovers() const {
  static const std::regex pattern{R"(\b(TODO|FIXME|XXX|HACK)\b)"};
  std::vector<finding> found;
  for (const auto& file : files_) {
    each_line(file, [&](int number, const std::string& line) {
      if (std::regex_search(line, pattern)) found.push_back({file.path, number, "left in the code: " + line});
    });
  }
  return found;
}

std::vector<finding> tree_rules::oversized() const {
  return longer_than(files_, lines_max, lines_max);
}

std::vector<finding> tree_rules::worth_splitting() const {
  return longer_than(files_, header_lines_wanted, source_lines_wanted);
}

}  // namespace millrace::architecture
