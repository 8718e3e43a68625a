#include "inspect/dynamic_rows.hpp"

#include <stdexcept>
#include <utility>

namespace millrace::inspect {

dynamic_rows::dynamic_rows(const record_type& of) {
  if (!of.is_dynamic()) copy_ = dynamic_record_type(of.shared_schema());
}

batch_ptr dynamic_rows::of(const batch& records) const {
  if (copy_ == nullptr) return batch_ptr{records};
  byte_buffer encoded;
  records.type().encode(records, encoded);
  auto copied = copy_->decode(encoded.view(), records.size());
  if (!copied) throw std::runtime_error{copied.error().message};
  return *std::move(copied);
}

batch_ptr dynamic_rows::of(const batch& records, std::uint32_t row) const {
  const auto alone = records.type().make_builder(1);
  alone->append_from(records, row);
  return of(*alone->finish());
}

}  // namespace millrace::inspect
