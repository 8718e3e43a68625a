#include "node/tracing/trace_settings.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "library/net/http_client.hpp"

namespace millrace::node {

namespace {

// Rarer than that nobody would ever see a trace.
constexpr std::uint64_t one_in_max = 1'000'000'000;
constexpr double all = 100;

std::optional<double> number_in(std::string_view text) {
  double n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

error no_share(const std::string& text) {
  return user_error(errc::invalid_argument, "'" + text +
                                                "' is no share of events to trace: write off, all, a percentage from "
                                                "0.0000001% to 100%, or one in so many as 1/500");
}

}  // namespace

result<std::uint64_t> parse_trace_share(const std::string& text) {
  if (text == "off") return std::uint64_t{0};
  if (text == "all") return std::uint64_t{1};
  if (text.starts_with("1/")) {
    const auto n = number_in(std::string_view{text}.substr(2));
    if (!n || *n < 1 || *n > one_in_max || *n != std::floor(*n)) return no_share(text);
    return static_cast<std::uint64_t>(*n);
  }
  if (!text.ends_with('%')) return no_share(text);
  const auto percent = number_in(std::string_view{text}.substr(0, text.size() - 1));
  if (!percent || !(*percent > 0) || *percent > all) return no_share(text);
  const auto one_in = std::round(all / *percent);
  if (one_in > one_in_max) return no_share(text);
  return static_cast<std::uint64_t>(one_in);
}

result<trace_target> parse_trace_target(const std::string& text) {
  if (text.empty()) return user_error(errc::invalid_argument, "where traces go is empty: give a file or an address");
  const bool is_address = text.find("://") != std::string::npos;
  if (!is_address) return trace_target{false, text};
  if (auto ok = library::check_url(text, "trace-to"); !ok) return std::move(ok).error();
  const auto host = text.find("://") + 3;
  const auto path = text.find('/', host);
  if (path == std::string::npos) return trace_target{true, text + "/v1/traces"};
  return trace_target{true, path + 1 == text.size() ? text + "v1/traces" : text};
}

result<trace_settings> parse_tracing(const std::string& share, std::uint64_t per_second_max,
                                     const std::vector<std::string>& targets) {
  trace_settings out;
  auto one_in = parse_trace_share(share);
  if (!one_in) return std::move(one_in).error();
  if (per_second_max > std::numeric_limits<std::uint32_t>::max()) {
    return user_error(errc::invalid_argument, "the limit of traces is larger than 4,294,967,295 a second");
  }
  if (targets.size() > trace_targets_max) {
    return user_error(errc::limit_exceeded, "traces can go to " + std::to_string(trace_targets_max) + " places, not " +
                                                std::to_string(targets.size()) + ": let a collector pass them on");
  }
  out.rule.one_in = *one_in;
  out.rule.per_second_max = static_cast<std::uint32_t>(per_second_max);
  for (const auto& text : targets) {
    auto target = parse_trace_target(text);
    if (!target) return std::move(target).error();
    out.targets.push_back(*std::move(target));
  }
  if (!targets.empty() && *one_in == 0) {
    return user_error(errc::invalid_argument,
                      "there is a place for traces and nothing is traced: say how much, for example --trace 1%");
  }
  return out;
}

}  // namespace millrace::node
