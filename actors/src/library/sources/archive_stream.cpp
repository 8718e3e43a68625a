#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "library/sources/byte_stream.hpp"

namespace millrace::library {

namespace {

/// What a kind of archive does with the bytes it is given.
class unpacker {
public:
  virtual ~unpacker() = default;
  /// Takes from the front of `in`, and returns how much of `to` was filled. An empty text in `problem`: all is well.
  virtual std::size_t step(std::span<const char>& in, std::span<char> to, std::string& problem) = 0;
  /// Nothing is begun that has not ended.
  [[nodiscard]] virtual bool is_between() const noexcept = 0;
  virtual void restart() = 0;
};

class gzip_unpacker final : public unpacker {
public:
  gzip_unpacker() {
    // 15 + 16: the largest window, and gzip's header and checksum.
    if (inflateInit2(&z_, 15 + 16) != Z_OK) throw std::bad_alloc{};
  }
  gzip_unpacker(const gzip_unpacker&) = delete;
  gzip_unpacker& operator=(const gzip_unpacker&) = delete;
  ~gzip_unpacker() override { inflateEnd(&z_); }

  std::size_t step(std::span<const char>& in, std::span<char> to, std::string& problem) override {
    if (is_between_ && !in.empty()) restart();
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // zlib does not write to it
    z_.avail_in = static_cast<uInt>(in.size());
    z_.next_out = reinterpret_cast<Bytef*>(to.data());
    z_.avail_out = static_cast<uInt>(to.size());
    const int code = is_between_ ? Z_OK : inflate(&z_, Z_NO_FLUSH);
    in = in.last(z_.avail_in);
    is_between_ = is_between_ || code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      problem = z_.msg == nullptr ? "error " + std::to_string(code) : z_.msg;
    return to.size() - z_.avail_out;
  }
  bool is_between() const noexcept override { return is_between_; }
  void restart() override {
    (void)inflateReset(&z_);
    is_between_ = false;
  }

private:
  z_stream z_{};
  bool is_between_ = false;
};

class zstd_unpacker final : public unpacker {
public:
  zstd_unpacker() : z_{ZSTD_createDCtx(), ZSTD_freeDCtx} {
    if (z_ == nullptr) throw std::bad_alloc{};
  }

  /// Frames follow each other without a word from here. Their windows may have 128 MiB, zstd's own limit.
  std::size_t step(std::span<const char>& in, std::span<char> to, std::string& problem) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer into{to.data(), to.size(), 0};
    if (wanted_ == 0 && in.empty()) return 0;
    wanted_ = ZSTD_decompressStream(z_.get(), &into, &from);
    in = in.subspan(from.pos);
    if (ZSTD_isError(wanted_) != 0) problem = ZSTD_getErrorName(wanted_);
    return into.pos;
  }
  bool is_between() const noexcept override { return wanted_ == 0; }
  void restart() override {
    (void)ZSTD_DCtx_reset(z_.get(), ZSTD_reset_session_only);
    wanted_ = 1;
  }

private:
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> z_;
  std::size_t wanted_ = 1;
};

class archive_stream final : public byte_stream {
public:
  archive_stream(file_handle file, std::string path, std::unique_ptr<unpacker> how, std::string kind)
      : path_{std::move(path)}, kind_{std::move(kind)}, how_{std::move(how)} {
    packed_ = plain_bytes(std::move(file), path_);
    rewind();
  }

  std::size_t read(std::span<char> to) override {
    for (;;) {
      if (in_.empty() && !at_end_) fill();
      std::string problem;
      const auto made = how_->step(in_, to, problem);
      if (!problem.empty()) damaged("is damaged (" + problem + ")");
      unpacked_ += made;
      if (made != 0) return made;
      if (!in_.empty() || !at_end_) continue;
      if (!how_->is_between()) damaged("ends too early");
      return 0;
    }
  }
  bool seek(std::uint64_t offset) override {
    if (offset < unpacked_) rewind();
    std::array<char, 16384> skipped;
    while (unpacked_ < offset) {
      if (read(std::span{skipped}.first(std::min<std::uint64_t>(skipped.size(), offset - unpacked_))) == 0)
        return false;
    }
    return true;
  }
  std::uint64_t size() const noexcept override {
    const auto taken = taken_ - in_.size();
    return taken == 0 ? 0 : packed_->size() * unpacked_ / taken;
  }

private:
  void rewind() {
    if (!packed_->seek(0)) fail_input(path_, "cannot be read from its start");
    how_->restart();
    in_ = {};
    at_end_ = false;
    taken_ = unpacked_ = 0;
  }
  void fill() {
    const auto n = packed_->read(buffer_);
    at_end_ = n == 0;
    taken_ += n;
    in_ = std::span<const char>{buffer_}.first(n);
  }
  [[noreturn]] void damaged(const std::string& what) const {
    fail_input(path_, "is a " + kind_ + " archive that " + what + ": at byte " + std::to_string(taken_ - in_.size()) +
                          " of " + std::to_string(packed_->size()) + ", after " + std::to_string(unpacked_) +
                          " bytes of content; copy or pack it again");
  }

  std::string path_;
  std::string kind_;
  std::unique_ptr<unpacker> how_;
  std::unique_ptr<byte_stream> packed_;
  std::array<char, std::size_t{64} << 10> buffer_;
  std::span<const char> in_{};
  bool at_end_ = false;
  std::uint64_t taken_ = 0;
  std::uint64_t unpacked_ = 0;
};

}  // namespace

std::unique_ptr<byte_stream> gzip_bytes(file_handle file, std::string path) {
  return std::make_unique<archive_stream>(std::move(file), std::move(path), std::make_unique<gzip_unpacker>(), "gzip");
}

std::unique_ptr<byte_stream> zstd_bytes(file_handle file, std::string path) {
  return std::make_unique<archive_stream>(std::move(file), std::move(path), std::make_unique<zstd_unpacker>(), "zstd");
}

}  // namespace millrace::library
