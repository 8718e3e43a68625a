#include "library/processors/deduplicate.hpp"

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> deduplicate::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  out_.set_type(type);
  duplicates_.set_type(type);
  schema ignored;
  const auto key = key_fields::find(type->schema(), *key_, ignored);
  if (!key) return key.error();
  in_.key_by(key->names);
  const auto ttl = duration_of("ttl", *ttl_, true);
  if (!ttl) return ttl.error();
  const bool is_event = *clock_ == "event";
  if (is_event && ttl->count() != 0 && !type->schema().event_time_field) return no_event_time("a time to live by it");
  seen_.emplace(this, "seen",
                state_options<bool>{.ttl = *ttl,
                                    .update_on = ttl_update::write,
                                    .clock = is_event ? ttl_clock::event_time : ttl_clock::processing_time});
  return {};
}

void deduplicate::on_record(context&, const record_view& record) {
  const bool is_known = seen_->get() != nullptr;
  if (!is_known || *refresh_) seen_->set(true);
  auto& to = is_known ? duplicates_ : out_;
  to.emit(record);
}

}  // namespace millrace::library
