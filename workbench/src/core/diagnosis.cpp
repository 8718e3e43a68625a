#include "core/diagnosis.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

/// "sum/3" is a task of the actor sum; "a/0.out -> sum/3.in" a channel to it.
std::string actorOf(const std::string& where) {
  const auto arrow = where.rfind("-> ");
  const auto task = arrow == std::string::npos ? where : where.substr(arrow + 3);
  return task.substr(0, task.find('/'));
}

std::string text(const json& j, const char* name) {
  const auto at = j.find(name);
  return at != j.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

}  // namespace

Diagnosis readDiagnosis(const json& answer) {
  Diagnosis d;
  if (!answer.is_object()) return d;
  d.cause = toQt(text(answer, "cause"));
  d.sentence = toQt(text(answer, "sentence"));
  d.actor = actorOf(text(answer, "where"));
  for (const auto& step : answer.value("path", json::array())) {
    if (!step.is_string()) continue;
    auto actor = actorOf(step.get<std::string>());
    if (d.path.empty() || d.path.back() != actor) d.path.push_back(std::move(actor));
  }
  for (const auto& key : answer.value("keys", json::array())) {
    if (!key.is_object()) continue;
    const auto share = key.find("share");
    const auto percent = share != key.end() && share->is_number() ? share->get<double>() * 100 : 0.0;
    d.keys << QStringLiteral("%1 (%2 %)")
                  .arg(toQt(key.value("key", json{}).dump(-1, ' ', false, json::error_handler_t::replace)))
                  .arg(percent, 0, 'f', 0);
  }
  return d;
}

}  // namespace millrace::workbench
