#include "chaos/committed_output.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

namespace millrace::chaos {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t records_max = 20'000'000;

/// The fields of a CSV line; quotes stay, which is all right for comparing.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out{{}};
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

/// `<actor>-<partition>-<epoch>…`: actors may have dashes in their names, so it is read from behind.
std::uint32_t partition_of(const std::string& stem) {
  constexpr std::size_t epoch_digits = 20;
  std::vector<std::string> parts{{}};
  for (const char c : stem) {
    if (c == '-') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  // Behind the epoch there may be one more number, which is shorter.
  const auto at = std::ranges::find_if(parts, [](const auto& p) { return p.size() == epoch_digits; });
  std::uint32_t partition = 0;
  if (at != parts.begin() && at != parts.end()) {
    const auto& text = *(at - 1);
    std::from_chars(text.data(), text.data() + text.size(), partition);
  }
  return partition;
}

class segment_reader {
public:
  segment_reader(const std::string& key, std::vector<output_record>& out) : key_{key}, out_{out} {}

  result<void> read(const fs::path& file) {
    std::ifstream in{file};
    const bool is_csv = file.extension() == ".csv";
    const auto partition = partition_of(file.stem().string());
    std::string line;
    std::size_t column = 0;
    if (is_csv && std::getline(in, line)) {
      const auto header = fields_of(line);
      const auto found = std::ranges::find(header, key_);
      if (!key_.empty() && found == header.end()) return no_key(file, line);
      column = static_cast<std::size_t>(found - header.begin());
    }
    while (std::getline(in, line)) {
      if (out_.size() == records_max) return user_error(errc::limit_exceeded, "there are more than 20 million records");
      output_record r{partition, {}, line};
      if (!key_.empty()) {
        auto key = is_csv ? csv_key(line, column) : json_key(line);
        if (!key) return no_key(file, line);
        r.key = *std::move(key);
      }
      out_.push_back(std::move(r));
    }
    if (in.bad()) return fatal_error(errc::io_error, file.string() + ": cannot be read");
    return {};
  }

private:
  static std::optional<std::string> csv_key(const std::string& line, std::size_t column) {
    auto fields = fields_of(line);
    if (column >= fields.size()) return std::nullopt;
    return std::move(fields[column]);
  }
  [[nodiscard]] std::optional<std::string> json_key(const std::string& line) const {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object() || !record.contains(key_)) return std::nullopt;
    return record.at(key_).dump();
  }
  [[nodiscard]] error no_key(const fs::path& file, const std::string& line) const {
    return user_error(errc::not_found, file.string() + ": there is no '" + key_ + "' in: " + line);
  }

  const std::string& key_;
  std::vector<output_record>& out_;
};

}  // namespace

result<std::vector<output_record>> read_committed(const std::string& folder, const std::string& key) {
  std::vector<fs::path> segments;
  std::error_code problem;
  for (fs::recursive_directory_iterator at{folder, problem}, end; !problem && at != end; at.increment(problem)) {
    if (at->is_directory() && at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file() && !at->path().filename().string().starts_with('.')) {
      segments.push_back(at->path());
    }
  }
  if (problem && problem != std::errc::no_such_file_or_directory) {
    return fatal_error(errc::io_error, folder + ": " + problem.message());
  }
  std::ranges::sort(segments);
  std::vector<output_record> out;
  segment_reader reader{key, out};
  for (const auto& s : segments) {
    if (s.extension() != ".csv" && s.extension() != ".jsonl") {
      return user_error(errc::invalid_argument, s.string() + ": only .csv and .jsonl can be compared");
    }
    if (auto read = reader.read(s); !read) return std::move(read).error();
  }
  return out;
}

}  // namespace millrace::chaos
