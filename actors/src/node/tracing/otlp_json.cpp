#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "node/tracing/told_span.hpp"

namespace millrace::node {

namespace {

using engine::span_kind;
using nlohmann::json;

// SpanKind and StatusCode of opentelemetry/proto/trace/v1.
constexpr int kind_internal = 1;
constexpr int kind_producer = 4;
constexpr int kind_consumer = 5;
constexpr int status_error = 2;

int otlp_kind(span_kind k) {
  switch (k) {
    case span_kind::emit:
      return kind_producer;
    case span_kind::service:
    case span_kind::fire:
    case span_kind::write:
      return kind_consumer;
    default:
      return kind_internal;
  }
}

json attribute(const char* key, const std::string& text) {
  return {{"key", key}, {"value", {{"stringValue", text}}}};
}
json attribute(const char* key, std::uint64_t number) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(number)}}}};
}

json attributes_of(const told_span& s) {
  auto out = json::array({attribute("millrace.kind", to_string(s.kind)), attribute("millrace.actor", s.actor),
                          attribute("millrace.partition", std::uint64_t{s.partition}),
                          attribute("millrace.sequence", s.sequence)});
  if (!s.channel.empty()) out.push_back(attribute("millrace.channel", s.channel));
  if (s.is_replayed) out.push_back({{"key", "millrace.replayed"}, {"value", {{"boolValue", true}}}});
  return out;
}

json span_json(const told_span& s) {
  json out{{"traceId", to_string(s.trace)},
           {"spanId", engine::span_text(s.span)},
           {"name", s.actor + " " + to_string(s.kind)},
           {"kind", otlp_kind(s.kind)},
           {"startTimeUnixNano", std::to_string(s.start_ns)},
           {"endTimeUnixNano", std::to_string(s.end_ns)},
           {"attributes", attributes_of(s)}};
  if (s.parent != 0) out["parentSpanId"] = engine::span_text(s.parent);
  for (const auto& l : s.links) {
    out["links"].push_back({{"traceId", to_string(l.trace)}, {"spanId", engine::span_text(l.span)}});
  }
  if (s.has_failed) out["status"] = {{"code", status_error}};
  return out;
}

std::optional<std::uint64_t> number_in(const json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{n} : std::nullopt;
}

bool read_span_id(const std::string& text, std::uint64_t& out) {
  constexpr std::size_t digits = 16;
  return text.size() == digits &&
         std::from_chars(text.data(), text.data() + digits, out, 16).ptr == text.data() + digits;
}

std::optional<span_kind> kind_named(const std::string& text) {
  for (std::size_t i = 0; i < engine::span_kinds; ++i) {
    const auto k = static_cast<span_kind>(i);
    if (text == to_string(k)) return k;
  }
  return std::nullopt;
}

std::map<std::string, json> values_of(const json& attributes) {
  std::map<std::string, json> out;
  for (const auto& a : attributes) {
    const auto value = a.value("value", json::object());
    if (!value.empty()) out[a.value("key", "")] = value.begin().value();
  }
  return out;
}

/// Nothing: it is not one of ours.
std::optional<told_span> read_span(const json& j, const std::map<std::string, json>& resource) {
  const auto has = values_of(j.value("attributes", json::array()));
  const auto text = [](const std::map<std::string, json>& in, const char* key) {
    const auto at = in.find(key);
    return at != in.end() && at->second.is_string() ? at->second.get<std::string>() : std::string{};
  };
  const auto number = [&](const char* key) {
    const auto at = has.find(key);
    return at == has.end() ? 0 : number_in(at->second).value_or(0);
  };
  told_span s;
  const auto kind = kind_named(text(has, "millrace.kind"));
  const auto start = number_in(j.value("startTimeUnixNano", json{}));
  const auto end = number_in(j.value("endTimeUnixNano", json{}));
  if (!kind || !start || !end || !engine::read_trace_id(j.value("traceId", ""), s.trace) ||
      !read_span_id(j.value("spanId", ""), s.span)) {
    return std::nullopt;
  }
  if (j.contains("parentSpanId")) (void)read_span_id(j.value("parentSpanId", ""), s.parent);
  s.kind = *kind;
  s.start_ns = static_cast<std::int64_t>(*start);
  s.end_ns = static_cast<std::int64_t>(*end);
  s.topology = text(resource, "service.name");
  s.node = text(resource, "service.instance.id");
  s.actor = text(has, "millrace.actor");
  s.channel = text(has, "millrace.channel");
  s.partition = static_cast<std::uint32_t>(number("millrace.partition"));
  s.sequence = number("millrace.sequence");
  s.is_replayed = has.contains("millrace.replayed");
  s.has_failed = j.value("status", json::object()).value("code", 0) == status_error;
  for (const auto& l : j.value("links", json::array())) {
    told_span::link link;
    if (engine::read_trace_id(l.value("traceId", ""), link.trace) && read_span_id(l.value("spanId", ""), link.span)) {
      s.links.push_back(link);
    }
  }
  return s;
}

}  // namespace

json otlp_request(const std::vector<told_span>& spans) {
  // A resource for each node that took part: that is what tells processes apart in a collector.
  std::map<std::pair<std::string, std::string>, json> of_resource;
  for (const auto& s : spans) of_resource[{s.topology, s.node}].push_back(span_json(s));
  auto resources = json::array();
  for (auto& [who, all] : of_resource) {
    auto attributes = json::array({attribute("service.namespace", "millrace"), attribute("service.name", who.first)});
    if (!who.second.empty()) attributes.push_back(attribute("service.instance.id", who.second));
    resources.push_back({{"resource", {{"attributes", std::move(attributes)}}},
                         {"scopeSpans", json::array({{{"scope", {{"name", "millrace"}, {"version", MILLRACE_VERSION}}},
                                                      {"spans", std::move(all)}}})}});
  }
  return {{"resourceSpans", std::move(resources)}};
}

result<std::vector<told_span>> read_otlp(const std::string& line) {
  std::vector<told_span> out;
  const auto j = json::parse(line, nullptr, false);
  if (j.is_discarded() || !j.is_object()) return user_error(errc::parse_error, "is no JSON object");
  try {
    for (const auto& r : j.value("resourceSpans", json::array())) {
      const auto resource = values_of(r.value("resource", json::object()).value("attributes", json::array()));
      for (const auto& scope : r.value("scopeSpans", json::array())) {
        for (const auto& s : scope.value("spans", json::array())) {
          if (auto span = read_span(s, resource)) out.push_back(*std::move(span));
        }
      }
    }
  } catch (const json::exception& e) {
    return user_error(errc::parse_error, std::string{"is no OTLP trace request: "} + e.what());
  }
  return out;
}

}  // namespace millrace::node
