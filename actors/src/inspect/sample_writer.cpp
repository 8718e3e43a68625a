#include "inspect/sample_writer.hpp"

#include <algorithm>

#include "millrace/engine/state_text.hpp"
#include "millrace/inspect/record_condition.hpp"
#include "millrace/text/record_writer.hpp"
#include "millrace/text/utf8.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::inspect {

namespace {

using nlohmann::json;

constexpr const char* mask = "***";
constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t items_max = 64;

json time_json(event_time t) {
  if (t == event_time::min() || t == event_time::max()) return nullptr;
  std::string out;
  append_text(out, field_type{.kind = field_kind::event_time}, value::of(t), time_format::iso);
  return out;
}

void cut(json& v) {
  if (v.is_string()) {
    auto& text = v.get_ref<std::string&>();
    if (text.size() > text_bytes_max) text = shortened(text, text_bytes_max);
  } else if (v.is_array()) {
    const auto more = v.size() > items_max ? v.size() - items_max : 0;
    if (more != 0) v.erase(v.begin() + items_max, v.end());
    for (auto& item : v) cut(item);
    if (more != 0) v.push_back("… " + std::to_string(more) + " more");
  } else if (v.is_object()) {
    for (auto& item : v) cut(item);
  }
}

void hide(json& record, const schema& s);

void hide_inside(json& v, const field_type& type) {
  if (type.kind == field_kind::record && type.nested != nullptr) return hide(v, *type.nested);
  if (type.element == nullptr || !v.is_structured()) return;
  for (auto& item : v) hide_inside(item, *type.element);
}

void hide(json& record, const schema& s) {
  if (!record.is_object()) return;
  for (const auto& f : s.fields) {
    const auto at = record.find(f.name);
    if (at == record.end()) continue;
    if (f.personal) {
      *at = mask;
    } else {
      hide_inside(*at, f.type);
    }
  }
}

bool has_personal(const schema& s) {
  const auto in_type = [](const field_type& t, const auto& self) -> bool {
    if (t.nested != nullptr && has_personal(*t.nested)) return true;
    return t.element != nullptr && self(*t.element, self);
  };
  return std::ranges::any_of(s.fields, [&](const field& f) { return f.personal || in_type(f.type, in_type); });
}

/// What a function makes a key of is not known: any of the fields.
bool is_personal(const key_extractor& key, const schema& s) {
  if (!key.is_of_fields()) return has_personal(s);
  const auto names = ", " + key.description() + ", ";
  return std::ranges::any_of(
      s.fields, [&](const field& f) { return f.personal && names.find(", " + f.name + ", ") != std::string::npos; });
}

}  // namespace

sample_writer::sample_writer(const engine::plan& plan, channel_id channel)
    : plan_{plan}, channel_{plan.channels[channel.value]}, type_{*received_type(plan, channel_)}, rows_{type_} {
  const auto actor = plan.tasks[channel_.target.value].actor;
  key_ = plan.input_keys[actor][channel_.input];
  if (key_ == nullptr) key_ = plan.router_keys[actor];
  is_key_personal_ = key_ != nullptr && is_personal(*key_, type_.schema());
}

std::vector<std::string> sample_writer::fields() const {
  std::vector<std::string> out;
  for (const auto& f : type_.schema().fields) out.push_back(f.name);
  return out;
}

json sample_writer::key_of(const batch& records, std::uint32_t row) const {
  if (key_ == nullptr) return nullptr;
  if (is_key_personal_) return mask;
  key_bytes key;
  if (!key_->key(records, row, key)) return nullptr;
  return json::parse(engine::key_json(key.view()), nullptr, false);
}

json sample_writer::write(const batch& records, std::uint32_t row, sequence number, event_time watermark) const {
  const auto alone = rows_.of(records, row);
  std::string text;
  record_writer{record_writer::format::jsonl, time_format::iso}.append(text, record_view{*alone, 0});
  auto record = json::parse(text, nullptr, false);
  hide(record, type_.schema());
  cut(record);
  json when = nullptr;
  if (const auto at = type_.schema().event_time_field) {
    const auto& v = record_view{*alone, 0}.field(static_cast<std::uint32_t>(*at));
    if (v.kind() == value_kind::event_time) when = time_json(v.as_time());
  }
  const bool is_late = std::ranges::any_of(records.late_marks(), [row](const late_mark& m) { return m.row == row; });
  return {{"channel", channel_.name},
          {"from", plan_.task_name(channel_.source)},
          {"to", plan_.task_name(channel_.target)},
          {"partition", plan_.tasks[channel_.target.value].partition},
          {"sequence", number.value},
          {"event_time", std::move(when)},
          {"watermark", time_json(watermark)},
          {"late", is_late},
          {"key", key_of(records, row)},
          {"record", std::move(record)}};
}

}  // namespace millrace::inspect
