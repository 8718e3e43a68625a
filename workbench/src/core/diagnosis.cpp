#include "core/diagnosis.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

/// An engine sends fewer; what is more is not read.
constexpr std::size_t alsoMax = 20;

constexpr std::string_view arrow = " -> ";

/// "sum/3" is a task of the actor sum; "a/0.out -> sum/3.in" a channel to it.
std::string actorOf(const std::string& where) {
  const auto at = where.rfind(arrow);
  const auto task = at == std::string::npos ? where : where.substr(at + arrow.size());
  return task.substr(0, task.find('/'));
}

QString placeOf(const std::string& where) {
  const auto at = where.find(arrow);
  const auto to = toQt(actorOf(where));
  return at == std::string::npos ? to : QStringLiteral("%1 → %2").arg(toQt(actorOf(where.substr(0, at))), to);
}

Cause readCause(const json& answer) {
  Cause d;
  d.cause = textOf(answer, "cause");
  d.sentence = textOf(answer, "sentence");
  const auto where = toStd(textOf(answer, "where"));
  d.actor = actorOf(where);
  d.where = placeOf(where);
  if (const auto& share = memberOf(answer, "share"); share.is_number()) {
    d.share = std::clamp(share.get<double>(), 0.0, 1.0);
  }
  for (const auto& step : listOf(answer, "path")) {
    if (!step.is_string()) continue;
    auto actor = actorOf(step.get<std::string>());
    if (d.path.empty() || d.path.back() != actor) d.path.push_back(std::move(actor));
  }
  for (const auto& key : listOf(answer, "keys")) {
    if (!key.is_object()) continue;
    d.keys << QStringLiteral("%1 (%2 %)")
                  .arg(toQt(memberOf(key, "key").dump(-1, ' ', false, json::error_handler_t::replace)))
                  .arg(numberOf(key, "share") * 100, 0, 'f', 0);
  }
  return d;
}

}  // namespace

QString Cause::title() const {
  static const std::map<QString, QString> titles{
      {QStringLiteral("none"), QStringLiteral("nothing")},
      {QStringLiteral("processor"), QStringLiteral("CPU")},
      {QStringLiteral("outside_call"), QStringLiteral("waits outside (I/O)")},
      {QStringLiteral("hot_key"), QStringLiteral("key skew")},
      {QStringLiteral("few_threads"), QStringLiteral("too few threads")},
      {QStringLiteral("stuck"), QStringLiteral("stuck in a call")},
      {QStringLiteral("retries"), QStringLiteral("fails, tries again")},
      {QStringLiteral("slow_disk"), QStringLiteral("slow disk")},
      {QStringLiteral("alignment"), QStringLiteral("snapshot alignment")},
      {QStringLiteral("slow_channel"), QStringLiteral("slow channel")},
      {QStringLiteral("breakpoint"), QStringLiteral("breakpoint")},
      {QStringLiteral("injected_fault"), QStringLiteral("injected fault")},
      {QStringLiteral("failing_snapshots"), QStringLiteral("snapshots fail")},
      {QStringLiteral("paused"), QStringLiteral("paused")},
  };
  const auto at = titles.find(cause);
  return at == titles.end() ? cause : at->second;
}

Diagnosis readDiagnosis(const json& answer) {
  if (!answer.is_object()) return {};
  Diagnosis d{readCause(answer), {}};
  for (const auto& other : listOf(answer, "also")) {
    if (other.is_object() && d.also.size() < alsoMax) d.also.push_back(readCause(other));
  }
  return d;
}

}  // namespace millrace::workbench
