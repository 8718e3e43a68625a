#include "file_damage.hpp"

#include <fstream>
#include <iterator>
#include <string>

namespace millrace::tests {

int flip_after(const std::filesystem::path& file, std::string_view text, std::uint64_t distance) {
  std::ifstream in(file, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  int flipped = 0;
  for (auto at = content.find(text); at != std::string::npos; at = content.find(text, at + text.size())) {
    const auto place = at + distance;
    overwrite(file, place, std::string(1, static_cast<char>(content.at(place) ^ 0x10)));
    ++flipped;
  }
  return flipped;
}

void overwrite(const std::filesystem::path& file, std::uint64_t offset, std::string_view bytes) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(offset));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace millrace::tests
