// Whatever the text: no crash, no runaway memory, and what is read can be written and read back to the same topology.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "millrace/topology.hpp"
#include "millrace/validation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = millrace::parse_topology({reinterpret_cast<const char*>(data), size}, "fuzz.mill");
  if (!read) {
    if (read.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = millrace::parse_topology(millrace::to_text(*read), "again.mill");
  if (!again || !(*again == *read)) std::abort();
  for (const auto& p : millrace::validate(*read).problems) {
    if (p.where.empty() || p.what.empty()) std::abort();
  }
  return 0;
}
