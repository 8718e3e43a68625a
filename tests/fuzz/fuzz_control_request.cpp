// Whatever comes to a control socket: no crash, no runaway memory; a request that is read is the same when it is
// written and read again, and one that is not is refused with a reason. Answers are read the same way by clients.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "millrace/transport/control_protocol.hpp"

using namespace millrace;
using namespace millrace::transport;

namespace {

[[noreturn]] void finding(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view bytes{reinterpret_cast<const std::byte*>(data), size};
  if (const auto answer = decode_control_message(bytes); !answer && answer.error().message.empty())
    finding("an answer is refused without a reason");
  std::uint64_t id = 0;
  const auto read = decode_request(bytes, id);
  if (!read) {
    if (read.error().message.empty() || read.error().kind != error_class::user)
      finding("a request is refused without a reason, or not as its sender's fault");
    return 0;
  }
  if (read->id != id || read->verb.empty() || read->deadline.count() <= 0) finding("a request lacks what it needs");
  byte_buffer written;
  encode_request(*read, written);
  const auto again = decode_request(written.view(), id);
  // Shorter numbers and keys in their order may make it longer than a message may be, never another one.
  if (!again && written.size() > control_message_bytes_max) return 0;
  if (!again) finding(again.error().message.c_str());
  const bool is_same = again->id == read->id && again->verb == read->verb && again->deadline == read->deadline &&
                       again->session == read->session && again->args.size() == read->args.size();
  if (!is_same) finding("a request reads as another one when it is written again");
  return 0;
}
