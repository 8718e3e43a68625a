#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace millrace::library {

/// Packs pieces of a file, each into an archive of its own: what is put side by side is an archive again, as gzip and
/// zstd define it, and nothing has to be kept between two pieces. Thread: one owner.
class packer {
public:
  virtual ~packer() = default;
  /// Appends `content` as a whole gzip member or zstd frame. Throws std::bad_alloc.
  virtual void pack(std::string_view content, std::string& out) = 0;
  /// What the file's name ends in, with its dot.
  [[nodiscard]] virtual std::string extension() const = 0;
};

/// `name`: gzip or zstd; nullptr for any other.
[[nodiscard]] std::unique_ptr<packer> make_packer(const std::string& name);

}  // namespace millrace::library
