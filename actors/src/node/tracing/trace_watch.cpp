#include "node/tracing/trace_watch.hpp"

#include <utility>

namespace millrace::node {

namespace {

constexpr std::size_t listed_by_default = 20;

}  // namespace

trace_watch::trace_watch(const trace_settings& settings, std::string node, trace_exporter::logger log)
    : is_on_{settings.rule.one_in != 0}, node_{std::move(node)}, exporter_{settings.targets, std::move(log)} {}

void trace_watch::look(runtime::topology_run& run, std::chrono::steady_clock::time_point now) {
  if (!is_on_) return;
  const auto collected = run.collect_spans();
  const auto spans = told(run.plan(), collected.spans, node_);
  book_.add(spans);
  book_.count(collected.dropped, collected.limited);
  exporter_.add(spans, now);
}

result<nlohmann::json> trace_watch::answer(const nlohmann::json& args) const {
  if (!is_on_) {
    return user_error(errc::unavailable,
                      "nothing is traced: run it with --trace 1%, or set trace in the node's "
                      "configuration");
  }
  auto out = answer_traces(book_, args);
  if (out && out->contains("traces")) (*out)["spans_not_delivered"] = exporter_.lost();
  return out;
}

result<nlohmann::json> answer_traces(const trace_book& book, const nlohmann::json& args) {
  const auto id = args.find("trace");
  if (id != args.end()) {
    if (!id->is_string()) return user_error(errc::invalid_argument, "argument 'trace' is no text");
    return book.show(id->get<std::string>());
  }
  const auto most = args.find("most");
  if (most == args.end()) return book.list(listed_by_default);
  if (!most->is_number_integer() || most->get<std::int64_t>() < 0) {
    return user_error(errc::invalid_argument, "argument 'most' is no number from 0 on");
  }
  return book.list(most->get<std::size_t>());
}

}  // namespace millrace::node
