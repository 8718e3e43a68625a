#include "library/sinks/packer.hpp"

#include <zlib.h>
#include <zstd.h>

#include <new>

#include "millrace/check.hpp"

namespace millrace::library {

namespace {

// The defaults of the programs of these names.
constexpr int gzip_level = 6;
constexpr int zstd_level = 3;
constexpr int gzip_memory = 8;

class gzip_packer final : public packer {
public:
  gzip_packer() {
    // 15 + 16: the largest window, and gzip's header, which zlib leaves without a name or time: the same bytes again.
    if (deflateInit2(&z_, gzip_level, Z_DEFLATED, 15 + 16, gzip_memory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc{};
  }
  gzip_packer(const gzip_packer&) = delete;
  gzip_packer& operator=(const gzip_packer&) = delete;
  ~gzip_packer() override { deflateEnd(&z_); }

  void pack(std::string_view content, std::string& out) override {
    (void)deflateReset(&z_);
    const auto start = out.size();
    out.resize(start + deflateBound(&z_, static_cast<uLong>(content.size())));
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));  // zlib does not write to it
    z_.avail_in = static_cast<uInt>(content.size());
    z_.next_out = reinterpret_cast<Bytef*>(out.data() + start);
    z_.avail_out = static_cast<uInt>(out.size() - start);
    MILLRACE_CHECK(deflate(&z_, Z_FINISH) == Z_STREAM_END, "deflateBound was to leave room for all");
    out.resize(start + z_.total_out);
  }
  std::string extension() const override { return ".gz"; }

private:
  z_stream z_{};
};

class zstd_packer final : public packer {
public:
  zstd_packer() : z_{ZSTD_createCCtx(), ZSTD_freeCCtx} {
    if (z_ == nullptr) throw std::bad_alloc{};
    (void)ZSTD_CCtx_setParameter(z_.get(), ZSTD_c_compressionLevel, zstd_level);
    (void)ZSTD_CCtx_setParameter(z_.get(), ZSTD_c_checksumFlag, 1);
  }

  void pack(std::string_view content, std::string& out) override {
    const auto start = out.size();
    out.resize(start + ZSTD_compressBound(content.size()));
    const auto n = ZSTD_compress2(z_.get(), out.data() + start, out.size() - start, content.data(), content.size());
    if (ZSTD_isError(n) != 0) throw std::bad_alloc{};  // there is room for all, so nothing else can be missing
    out.resize(start + n);
  }
  std::string extension() const override { return ".zst"; }

private:
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> z_;
};

}  // namespace

std::unique_ptr<packer> make_packer(const std::string& name) {
  if (name == "gzip") return std::make_unique<gzip_packer>();
  if (name == "zstd") return std::make_unique<zstd_packer>();
  return nullptr;
}

}  // namespace millrace::library
