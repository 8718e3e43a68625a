#include "text_rig.hpp"

#include <QtGlobal>

#include "millrace/key.hpp"
#include "millrace/library.hpp"
#include "millrace/registry.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/text/record_writer.hpp"

namespace millrace::testing {

namespace {

std::vector<std::string> lines_of(const batch& b) {
  std::vector<std::string> lines;
  const auto& fields = b.type().schema().fields;
  byte_buffer scratch;
  for (std::uint32_t row = 0; row < b.size(); ++row) {
    auto& line = lines.emplace_back();
    if (b.type().is_dynamic()) {
      record_writer{record_writer::format::csv, time_format::ns}.append(line, {b, row});
      line.pop_back();
      continue;
    }
    for (std::uint32_t f = 0; f < fields.size(); ++f) {
      if (f != 0) line += '|';
      append_text(line, fields[f].type, b.type().value_at(b, row, f, scratch), time_format::ns);
    }
  }
  return lines;
}

}  // namespace

text_rig::text_rig(const setting& s) {
  link_library();
  const auto* entry = actor_registry::instance().find(s.id);
  if (entry == nullptr) qFatal("no actor type %s", s.id.c_str());
  actor_ = entry->make();
  context_ = std::make_unique<rig_context>("probe", s.partition, s.parallelism, *actor_);
  set_params(s);
  if (problem_.empty()) configure(s);
  if (!problem_.empty()) return;
  for (auto* out : engine::actor_access::outputs(*actor_)) {
    if (out->type() != nullptr) out->bind(*this, s.batch_events);
  }
}

void text_rig::set_params(const setting& s) {
  for (const auto& [name, v] : s.params) {
    bool is_known = false;
    for (auto* p : engine::actor_access::params(*actor_)) {
      if (p->name() != name) continue;
      is_known = true;
      if (const auto ok = p->set(v); !ok) problem_ = ok.error().message;
    }
    if (!is_known) qFatal("no parameter %s", name.c_str());
  }
}

void text_rig::configure(const setting& s) {
  std::map<std::string, record_type_ptr> inputs;
  if (!s.input_fields.empty()) {
    auto fields = parse_schema("input", s.input_fields);
    if (!fields) qFatal("%s", fields.error().message.c_str());
    input_type_ = dynamic_record_type(std::make_shared<const schema>(std::move(fields).value()));
    inputs["in"] = input_type_;
  }
  wiring w{std::move(inputs), s.base_folder};
  if (const auto ok = actor_->configure(w); !ok) problem_ = ok.error().message;
}

batch_ptr text_rig::batch_of(const std::vector<std::string>& lines) const {
  const auto builder = input_type_->make_builder(256);
  auto& rows = static_cast<dynamic_builder&>(*builder);
  const auto parser = make_csv_parser(input_type_->shared_schema(), false);
  for (std::string line : lines) {
    line_problem problem;
    if (!parser->parse(line, rows, problem)) qFatal("%s: %s", line.c_str(), problem.what().c_str());
  }
  return rows.finish();
}

void text_rig::feed(const std::vector<std::string>& lines) {
  const auto records = batch_of(lines);
  auto& input = *engine::actor_access::inputs(*actor_).front();
  std::vector<std::uint64_t> hashes(lines.size());
  std::vector<key_bytes> keys(lines.size());
  if (input.is_keyed()) {
    const auto key = key_of(input_type_, input.key_fields());
    if (!key || !(*key)->hashes(*records, hashes.data()) || !(*key)->keys(*records, keys.data())) qFatal("no key");
  }
  const bool pause = false;
  engine::batch_run run{*context_,
                        *records,
                        engine::actor_access::state(*actor_),
                        input.is_keyed() ? hashes.data() : nullptr,
                        keys.data(),
                        0,
                        &pause,
                        nullptr,
                        records->size()};
  input.process(run);
  if (run.cursor != records->size()) qFatal("the handler stopped at record %u", run.cursor);
}

poll_result::next text_rig::poll(std::size_t max, int polls) {
  for (; polls > 0; --polls) {
    last_poll_ = as<producer>().poll(*context_, max);
    if (last_poll_.what != poll_result::next::more) break;
  }
  return last_poll_.what;
}

std::vector<std::string> text_rig::output(const std::string& port) {
  for (auto* out : engine::actor_access::outputs(*actor_)) {
    if (out->name() == port && out->builder() != nullptr) batch_full(*out);
  }
  return lines_[port];
}

void text_rig::batch_full(output_base& out) {
  const auto made = out.builder()->finish();
  auto& lines = lines_[out.name()];
  for (auto& line : lines_of(*made)) lines.push_back(std::move(line));
}

}  // namespace millrace::testing
