// Feeds any bytes to what reads bytes from outside in transport/: encoded frames, control requests, and what a client
// takes from a server. The first byte chooses; a frame gets its magic, version and checksum put right half of the time,
// since no fuzzer guesses a CRC.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "millrace/crc32c.hpp"
#include "millrace/record.hpp"
#include "millrace/transport/control_protocol.hpp"
#include "millrace/transport/frame_codec.hpp"
#include "millrace/typed_batch.hpp"

namespace fuzz {

struct event {
  std::uint64_t key{};
  std::string text;
  double amount{};
};
MILLRACE_RECORD(event, 1, key, text, amount)

}  // namespace fuzz

namespace {

using namespace millrace;
using namespace millrace::transport;

constexpr topology_instance topology{1};
constexpr std::size_t crc_at = frame_header_bytes - sizeof(std::uint32_t);

/// Writes the fixed start of a frame of `topology` and its checksum over what the fuzzer made up.
void repair(std::vector<std::byte>& frame) {
  byte_buffer good;
  encode_frame({.kind = engine::frame_kind::end}, topology, *record_type_of<fuzz::event>(), good);
  constexpr std::size_t fixed_bytes = 8;  // array, magic, version
  std::memcpy(frame.data(), good.data(), fixed_bytes);
  std::memset(frame.data() + crc_at, 0, sizeof(std::uint32_t));
  const std::uint32_t crc = __builtin_bswap32(crc32c(frame));
  std::memcpy(frame.data() + crc_at, &crc, sizeof crc);
}

void read_frame(std::vector<std::byte> bytes, bool is_repaired) {
  if (is_repaired && bytes.size() > frame_header_bytes) repair(bytes);
  const auto& type = *record_type_of<fuzz::event>();
  engine::frame f;
  if (!decode_frame(bytes, topology, type, f)) return;
  if (f.kind == engine::frame_kind::data && f.body->size() != f.count) std::abort();
  byte_buffer again;
  encode_frame(f, topology, type, again);
  engine::frame same;
  if (!decode_frame(again.view(), topology, type, same)) std::abort();
  if ((f.traces == nullptr) != (same.traces == nullptr)) std::abort();
  if (f.traces != nullptr && f.traces->marks != same.traces->marks) std::abort();
}

void read_request(bytes_view bytes) {
  std::uint64_t id = 0;
  const auto request = decode_request(bytes, id);
  if (!request) return;
  byte_buffer again;
  encode_request(*request, again);
  std::uint64_t same = 0;
  if (!decode_request(again.view(), same) || same != id) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes_view bytes = std::as_bytes(std::span{data + 1, size - 1});
  switch (data[0] % 4) {
    case 0:
      read_frame({bytes.begin(), bytes.end()}, false);
      break;
    case 1:
      read_frame({bytes.begin(), bytes.end()}, true);
      break;
    case 2:
      read_request(bytes);
      break;
    default:
      static_cast<void>(decode_control_message(bytes));
      break;
  }
  return 0;
}
