#include "text_harness.hpp"

#include <stdexcept>

#include "millrace/dead_letter.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/library.hpp"
#include "millrace/registry.hpp"
#include "millrace/text/record_parser.hpp"
#include "millrace/text/record_writer.hpp"

namespace millrace::testing {

namespace {

std::string line_of(const collected::entry& e) {
  std::string line;
  record_writer{record_writer::format::csv, time_format::ns}.append(line, {*e.records, e.row});
  line.pop_back();
  return line;
}

}  // namespace

text_harness::text_harness(setting s) {
  link_library();
  const auto* entry = actor_registry::instance().find(s.id);
  if (entry == nullptr) throw std::invalid_argument("no actor type " + s.id);
  for (const auto& [port, fields] : s.inputs) {
    auto read = parse_schema("input", fields);
    if (!read) throw std::invalid_argument(read.error().message);
    types_[port] = dynamic_record_type(std::make_shared<const schema>(std::move(*read)));
  }
  try {
    rig_ = std::make_unique<actor_rig>(
        entry->make,
        actor_options{
            .params = std::move(s.values), .on_failure = s.on_failure, .inputs = types_, .partitions = s.partitions});
  } catch (const std::invalid_argument& e) {
    problem_ = e.what();
  }
}

text_harness::~text_harness() = default;

void text_harness::push(const std::vector<std::string>& rows, const std::string& port) {
  if (rig_ == nullptr) throw std::logic_error(problem_);
  const auto& type = types_.at(port);
  const auto builder = type->make_builder(256);
  auto& made = static_cast<dynamic_builder&>(*builder);
  const auto parser = make_csv_parser(type->shared_schema(), false);
  for (std::string line : rows) {
    line_problem problem;
    if (!parser->parse(line, made, problem)) throw std::invalid_argument(line + ": " + problem.what());
  }
  rig_->push_batch(port, made.finish());
}

std::vector<std::string> text_harness::take(const std::string& port) {
  std::vector<std::string> lines;
  const auto taken = rig_->take(port);
  for (const auto& e : taken.entries()) lines.push_back(line_of(e));
  return lines;
}

std::vector<std::string> text_harness::take_routed() {
  std::vector<std::string> lines;
  const auto taken = rig_->take("out");
  for (const auto& e : taken.entries()) lines.push_back(std::to_string(e.partition) + ": " + line_of(e));
  return lines;
}

std::vector<std::string> text_harness::reasons() {
  std::vector<std::string> out;
  for (const auto& letter : rig_->take<dead_letter>("dead")) out.push_back(letter.reason);
  return out;
}

}  // namespace millrace::testing
