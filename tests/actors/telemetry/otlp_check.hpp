#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace millrace::trial {

/// Holds a trace request against the rules of OTLP's JSON encoding (opentelemetry.io, OTLP specification 1.x, "JSON
/// Protobuf Encoding", and opentelemetry/proto/trace/v1/trace.proto): names in lowerCamelCase, trace and span ids as
/// hexadecimal text of 32 and 16 digits, 64-bit integers as decimal text, enumerations as numbers, one value in an
/// AnyValue.
class otlp_check {
public:
  /// Empty when nothing is wrong; else what, and where.
  [[nodiscard]] static std::string fault_of(const nlohmann::json& request) {
    otlp_check c;
    c.object(request, "", {"resourceSpans"});
    c.each(request, "resourceSpans", "", [&](const auto& r, const std::string& at) { c.resource_spans(r, at); });
    return c.fault_;
  }

private:
  using json = nlohmann::json;

  void fail(const std::string& at, const std::string& what) {
    if (fault_.empty()) fault_ = at + ": " + what;
  }
  void object(const json& j, const std::string& at, std::initializer_list<const char*> known) {
    if (!j.is_object()) return fail(at, "is no object");
    for (const auto& [name, value] : j.items()) {
      if (std::ranges::none_of(known, [&](const char* k) { return name == k; })) fail(at + "/" + name, "is unknown");
    }
  }
  template <class F>
  void each(const json& in, const char* name, const std::string& at, F f) {
    if (!in.is_object() || !in.contains(name)) return;
    const auto where = at + "/" + name;
    if (!in[name].is_array()) return fail(where, "is no list");
    for (std::size_t i = 0; i < in[name].size(); ++i) f(in[name][i], where + "/" + std::to_string(i));
  }
  void text(const json& in, const char* name, const std::string& at, bool is_needed) {
    if (!in.contains(name)) return is_needed ? fail(at + "/" + name, "is missing") : void();
    if (!in[name].is_string() || (is_needed && in[name].get<std::string>().empty())) {
      fail(at + "/" + name, "is no text");
    }
  }
  void id(const json& in, const char* name, const std::string& at, std::size_t digits, bool may_be_left_out) {
    const auto where = at + "/" + name;
    if (!in.contains(name)) return may_be_left_out ? void() : fail(where, "is missing");
    if (!in[name].is_string()) return fail(where, "is no text");
    const auto value = in[name].get<std::string>();
    const bool is_hex = value.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (value.size() != digits || !is_hex) return fail(where, "is not " + std::to_string(digits) + " hex digits");
    if (value.find_first_not_of('0') == std::string::npos) fail(where, "is all zero");
  }
  [[nodiscard]] std::uint64_t integer_text(const json& in, const char* name, const std::string& at) {
    const auto where = at + "/" + name;
    if (!in.contains(name) || !in[name].is_string()) return fail(where, "is no 64-bit integer as text"), 0;
    const auto value = in[name].get<std::string>();
    if (value.empty() || value.size() > 20 || value.find_first_not_of("0123456789") != std::string::npos) {
      return fail(where, "is no decimal number"), 0;
    }
    return std::stoull(value);
  }
  void enumeration(const json& in, const char* name, const std::string& at, int most) {
    if (!in.contains(name)) return;
    if (!in[name].is_number_integer()) return fail(at + "/" + name, "is an enumeration, so a number");
    const auto value = in[name].get<int>();
    if (value < 0 || value > most) fail(at + "/" + name, "is not known");
  }
  void value(const json& v, const std::string& at) {
    object(v, at, {"stringValue", "boolValue", "intValue", "doubleValue"});
    if (!v.is_object() || v.size() != 1) return fail(at, "holds not exactly one value");
    if (v.contains("stringValue")) text(v, "stringValue", at, false);
    if (v.contains("intValue")) (void)integer_text(v, "intValue", at);
    if (v.contains("boolValue") && !v["boolValue"].is_boolean()) fail(at, "is no boolean");
    if (v.contains("doubleValue") && !v["doubleValue"].is_number()) fail(at, "is no number");
  }
  void attributes(const json& in, const std::string& at) {
    std::set<std::string> seen;
    each(in, "attributes", at, [&](const json& a, const std::string& where) {
      object(a, where, {"key", "value"});
      text(a, "key", where, true);
      if (!a.contains("value")) return fail(where, "has no value");
      value(a["value"], where + "/value");
      if (a["key"].is_string() && !seen.insert(a["key"].get<std::string>()).second) fail(where, "comes twice");
    });
  }
  void span(const json& s, const std::string& at) {
    object(s, at,
           {"traceId", "spanId", "traceState", "parentSpanId", "flags", "name", "kind", "startTimeUnixNano",
            "endTimeUnixNano", "attributes", "droppedAttributesCount", "events", "droppedEventsCount", "links",
            "droppedLinksCount", "status"});
    if (!s.is_object()) return;
    id(s, "traceId", at, 32, false);
    id(s, "spanId", at, 16, false);
    id(s, "parentSpanId", at, 16, true);
    text(s, "name", at, true);
    enumeration(s, "kind", at, 5);
    const auto start = integer_text(s, "startTimeUnixNano", at);
    const auto end = integer_text(s, "endTimeUnixNano", at);
    if (start == 0 || end < start) fail(at, "ends before it begins");
    attributes(s, at);
    each(s, "links", at, [&](const json& l, const std::string& where) {
      object(l, where, {"traceId", "spanId", "traceState", "attributes", "droppedAttributesCount", "flags"});
      id(l, "traceId", where, 32, false);
      id(l, "spanId", where, 16, false);
    });
    if (!s.contains("status")) return;
    object(s["status"], at + "/status", {"message", "code"});
    enumeration(s["status"], "code", at + "/status", 2);
  }
  void resource_spans(const json& r, const std::string& at) {
    object(r, at, {"resource", "scopeSpans", "schemaUrl"});
    if (!r.is_object()) return;
    if (r.contains("resource")) {
      object(r["resource"], at + "/resource", {"attributes", "droppedAttributesCount"});
      attributes(r["resource"], at + "/resource");
    }
    each(r, "scopeSpans", at, [&](const json& s, const std::string& where) {
      object(s, where, {"scope", "spans", "schemaUrl"});
      if (!s.is_object()) return;
      if (s.contains("scope")) {
        object(s["scope"], where + "/scope", {"name", "version", "attributes", "droppedAttributesCount"});
        text(s["scope"], "name", where + "/scope", false);
      }
      each(s, "spans", where, [&](const json& one, const std::string& place) { span(one, place); });
    });
  }

  std::string fault_;
};

}  // namespace millrace::trial
