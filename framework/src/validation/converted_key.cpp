#include "validation/converted_key.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace millrace::detail {
namespace {

class converted_key final : public key_extractor {
public:
  converted_key(key_ptr inner, std::shared_ptr<const converter> convert)
      : key_extractor{inner->description(), inner->key_type()},
        inner_{std::move(inner)},
        convert_{std::move(convert)} {}

  bool hashes(const batch& b, std::uint64_t* out) const override { return inner_->hashes(*convert_->convert(b), out); }
  bool keys(const batch& b, key_bytes* out) const override { return inner_->keys(*convert_->convert(b), out); }
  result<void> key(const batch& b, std::uint32_t row, key_bytes& out) const override {
    return inner_->key(*convert_->convert(b), row, out);
  }

private:
  key_ptr inner_;
  std::shared_ptr<const converter> convert_;
};

/// A key of fields describes itself as their names: `account, venue`.
std::vector<std::string> names_in(const std::string& description) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= description.size();) {
    const auto end = std::min(description.find(", ", at), description.size());
    names.push_back(description.substr(at, end - at));
    at = end + 2;
  }
  return names;
}

}  // namespace

key_ptr key_before(const key_ptr& wanted, const record_type_ptr& passing,
                   const std::shared_ptr<const converter>& to_input) {
  if (to_input == nullptr) return wanted;
  if (wanted->is_of_fields()) {
    const auto names = names_in(wanted->description());
    auto by_name = key_of(passing, names);
    if (by_name && (*by_name)->key_type() == wanted->key_type()) return std::move(by_name).value();
  }
  return std::make_shared<const converted_key>(wanted, to_input);
}

}  // namespace millrace::detail
