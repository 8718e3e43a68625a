#include "file_candidate.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "millrace/text/time_text.hpp"

namespace sinks {

namespace {

std::vector<std::filesystem::path> segments(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  if (!std::filesystem::exists(folder / "out")) return out;
  for (const auto& f : std::filesystem::directory_iterator{folder / "out"}) {
    if (f.is_regular_file() && f.path().extension() == ".csv") out.push_back(f.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct cell {
  std::string text;
  bool was_quoted = false;
};

row row_of(const std::vector<cell>& cells) {
  row r{cells.at(0).text, cells.at(1).text, std::stoll(cells.at(2).text), {}, {}, 0};
  if (!cells.at(3).text.empty()) r.amount = std::stod(cells.at(3).text);
  if (cells.at(4).was_quoted || !cells.at(4).text.empty()) r.note = cells.at(4).text;
  const auto at = millrace::parse_event_time(cells.at(5).text);
  r.at_ns = at ? at->ns : -1;
  return r;
}

}  // namespace

void read_csv(const std::filesystem::path& file, std::vector<row>& out) {
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::vector<cell> cells(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && in_quotes && i + 1 < text.size() && text[i + 1] == '"') {
      cells.back().text += text[++i];
    } else if (c == '"') {
      in_quotes = !in_quotes;
      cells.back().was_quoted = true;
    } else if (c == ',' && !in_quotes) {
      cells.emplace_back();
    } else if (c == '\n' && !in_quotes) {
      if (cells.front().text != "id") out.push_back(row_of(cells));
      cells.assign(1, {});
    } else {
      cells.back().text += c;
    }
  }
}

void file_candidate::add_to(millrace::topology& t, const std::filesystem::path& folder) const {
  t.add("target", "millrace.file_sink", {{"path", (folder / "out").string()}}, 2);
}

std::vector<row> file_candidate::read(const std::filesystem::path& folder) const {
  std::vector<row> out;
  for (const auto& s : segments(folder)) read_csv(s, out);
  return out;
}

/// Segments are called <actor>-<partition>-<epoch>.csv.
std::uint64_t file_candidate::newest_visible_epoch(const std::filesystem::path& folder) const {
  std::uint64_t newest = 0;
  for (const auto& s : segments(folder)) {
    const auto name = s.stem().string();
    newest = std::max<std::uint64_t>(newest, std::stoull(name.substr(name.rfind('-') + 1)));
  }
  return newest;
}

}  // namespace sinks
