#include "library/processors/sample.hpp"

#include "millrace/key_codec.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> sample::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  out_.set_type(type);
  rest_.set_type(type);
  how_ = *by_ == "key" ? method::key : *by_ == "every" ? method::every : method::random;
  if (how_ != method::key) {
    if (key_->empty()) return {};
    return user_error(errc::invalid_argument, "parameter 'key' is for 'by' = key: leave it out, or set 'by' to key");
  }
  if (key_->empty()) return user_error(errc::invalid_argument, "parameter 'by' is key: set 'key' to the key's fields");
  schema ignored;
  auto key = key_fields::find(type->schema(), *key_, ignored);
  if (!key) return key.error();
  fields_ = std::move(*key);
  return {};
}

/// Every partition draws numbers of its own.
void sample::open(context& c) {
  if (*has_begun_) return;
  has_begun_.set(true);
  if (how_ == method::random) place_.set(random_source{*seed_ + (std::uint64_t{c.partition()} << 32)}());
}

void sample::on_record(context&, const record_view& record) {
  auto& to = takes(record) ? out_ : rest_;
  to.emit(record);
}

bool sample::takes(const record_view& record) {
  if (how_ == method::key) return takes_key(record);
  if (how_ == method::random) {
    random_source random{*place_};
    const bool yes = random.uniform() < *fraction_;
    place_.set(random.state());
    return yes;
  }
  const auto count = *place_ + 1;
  place_.set(count % *every_);
  return count == *every_;
}

/// The hash places keys in partitions, too: mixed with the seed, so that what passes is spread over all of them.
bool sample::takes_key(const record_view& record) {
  scratch_.clear();
  fields_.append(scratch_, record);
  random_source mixed{key_hash(scratch_.view()) ^ random_source{*seed_}()};
  return mixed.uniform() < *fraction_;
}

}  // namespace millrace::library
