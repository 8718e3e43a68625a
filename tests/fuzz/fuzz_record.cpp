#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/typed_batch.hpp"

// Bytes from anywhere as a batch of records: a typed and a dynamic type of the same schema must agree on what they
// take, and what they took must come back the same when it is written and read again.

namespace {

struct part {
  std::int16_t number = 0;
  std::string text;
};
MILLRACE_RECORD(part, 1, number, text)

struct whole {
  bool flag = false;
  std::uint64_t id = 0;
  double amount = 0;
  millrace::decimal price;
  std::vector<std::byte> blob;
  part nested;
  std::optional<part> maybe;
  std::vector<part> parts;
  std::map<std::string, std::vector<std::int64_t>> lists;
};
MILLRACE_RECORD(whole, 3, flag, id, amount, price, blob, nested, since(2, maybe), since(2, parts), since(3, lists))

void require(bool condition) {
  if (!condition) std::abort();
}

millrace::byte_buffer encoded(const millrace::batch& b) {
  millrace::byte_buffer out;
  b.type().encode(b, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto typed = millrace::record_type_of<whole>();
  static const auto dynamic = millrace::dynamic_record_type(millrace::schema_of<whole>());
  const auto input = std::as_bytes(std::span{data, size});
  millrace::msgpack::reader head{input};
  std::uint32_t count = 0;
  if (!head.array(count)) return 0;
  const auto as_typed = typed->decode(input, count);
  const auto as_dynamic = dynamic->decode(input, count);
  require(as_typed.has_value() == as_dynamic.has_value());
  if (!as_typed) return 0;
  const auto once = encoded(*as_typed.value());
  const auto again = typed->decode(once.view(), count);
  require(again.has_value());
  const auto twice = encoded(*again.value());
  require(millrace::as_text(once.view()) == millrace::as_text(twice.view()));
  require(dynamic->decode(encoded(*as_dynamic.value()).view(), count).has_value());
  return 0;
}
