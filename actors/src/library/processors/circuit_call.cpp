#include "library/processors/circuit_call.hpp"

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

namespace {

constexpr std::chrono::nanoseconds open_max = std::chrono::minutes{1};
constexpr std::chrono::nanoseconds pause_first = std::chrono::milliseconds{50};
constexpr std::chrono::nanoseconds pause_max = std::chrono::seconds{1};

}  // namespace

result<void> circuit_call::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return target_.configure(w);
  if (auto ok = target_.configure(w, false); !ok) return ok;
  auto address = url_template::parse(target_.url(), type->schema());
  if (!address) return address.error();
  address_ = std::move(address).value();
  auto parsed = parse_schema("answer", *fields_);
  if (!parsed) return parsed.error();
  return set_types(type->schema(), *parsed);
}

result<void> circuit_call::set_types(const schema& arriving, const schema& answer) {
  schema made{.name = arriving.name, .fields = arriving.fields, .event_time_field = arriving.event_time_field};
  schema spared = made;
  for (const auto& f : answer.fields) {
    if (!f.type.is_scalar()) {
      return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                    "; only fields with single values can be read from an answer");
    }
    if (arriving.find(f.name)) {
      return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name +
                                                    "' is a field of what arrives already; rename that one before, "
                                                    "with millrace.select");
    }
    made.fields.push_back(f);
  }
  if (arriving.find("reason")) {
    return user_error(errc::invalid_argument,
                      "what arrives has a field 'reason', as the output 'fallback' does; rename it before, with "
                      "millrace.select");
  }
  spared.fields.push_back({.name = "reason", .type = parse_schema("reason", "reason:string")->fields.front().type});
  if (!made.event_time_field) made.event_time_field = first_event_time(made.fields);
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  fallback_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(spared))));
  answer_type_ = dynamic_record_type(std::make_shared<const schema>(answer));
  parser_ = make_json_parser(answer_type_->shared_schema());
  return {};
}

void circuit_call::open(context&) {
  target_.open(static_cast<std::size_t>(*answer_bytes_));
  calls_.emplace(
      outside_calls::setting{{static_cast<std::uint32_t>(*failures_), std::chrono::milliseconds{*open_time_}, open_max},
                             {pause_first, pause_max, std::chrono::milliseconds{*give_up_after_}},
                             outside_calls::when_open::skip,
                             "events leave on 'fallback'"});
  cache_.emplace(static_cast<std::size_t>(*cache_entries_), std::chrono::milliseconds{*cache_time_});
}

void circuit_call::on_record(context& c, const record_view& record) {
  std::string why;
  const auto answer = answer_for(c, address_.of(record), why);
  if (answer != nullptr) {
    enrich(record, *answer);
  } else {
    fall_back(record, why);
  }
}

batch_ptr circuit_call::answer_for(context& c, const std::string& url, std::string& why) {
  if (const auto* known = cache_->find(url, c.now())) return *known;
  auto r = ask(c, url);
  if (!r) {
    why = "the circuit is open";
    return nullptr;
  }
  if (verdict_of(*r) != call_verdict::done) {
    why = text_of(*r);
    return nullptr;
  }
  auto answer = read(std::move((*r)->body), why);
  if (answer != nullptr) cache_->put(url, answer, c.now());
  return answer;
}

/// Nothing: the circuit is open.
std::optional<result<http_answer>> circuit_call::ask(context& c, const std::string& url) {
  std::optional<result<http_answer>> r;
  (void)calls_->make(c, [&] {
    r = target_.call("GET", {}, {}, url);
    return outcome_of(*r);
  });
  return r;
}

batch_ptr circuit_call::read(std::string body, std::string& why) {
  const auto builder = answer_type_->make_builder(1);
  line_problem problem;
  if (parser_->parse(body, static_cast<dynamic_builder&>(*builder), problem)) return builder->finish();
  why = "the answer cannot be read: column " + std::to_string(problem.column) + ": " + problem.what();
  return nullptr;
}

void circuit_call::enrich(const record_view& record, const batch& answer) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  row.begin_row();
  std::uint32_t field = 0;
  for (const auto& v : record.values()) (void)row.set(field++, v);
  for (const auto& v : record_view{answer, 0}.values()) (void)row.set(field++, v);
  out_.emit();
}

void circuit_call::fall_back(const record_view& record, std::string_view why) {
  if (!fallback_.is_connected()) return;
  auto& row = fallback_.row();
  row.begin_row();
  std::uint32_t field = 0;
  for (const auto& v : record.values()) (void)row.set(field++, v);
  (void)row.set(field, value::of(why));
  fallback_.emit();
}

}  // namespace millrace::library
