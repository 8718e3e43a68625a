#include "core/problem_list.hpp"

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

/// What an actor says of its own parameters names them in its sentence only.
std::string parameterIn(const std::string& what) {
  constexpr std::string_view opening = "parameter '";
  if (!what.starts_with(opening)) return {};
  return what.substr(opening.size(), what.find('\'', opening.size()) - opening.size());
}

Problem readProblem(const json& j) {
  Problem p;
  p.level = j.value("level", "error") == "warning" ? Health::Warning : Health::Critical;
  const auto where = j.value("where", "");
  p.where = toQt(where);
  p.what = toQt(j.value("what", ""));
  p.remedy = toQt(j.value("remedy", ""));
  // "actor", "actor.port" or "actor.parameter"; names have no dots.
  const auto dot = where.find('.');
  p.actor = where.substr(0, dot);
  if (dot != std::string::npos) p.item = where.substr(dot + 1);
  if (p.item.empty()) p.item = parameterIn(toStd(p.what));
  return p;
}

}  // namespace

ProblemList readProblems(const QByteArray& bytes) {
  ProblemList problems;
  try {
    const auto root = json::parse(bytes.begin(), bytes.end());
    for (const auto& p : root.at("problems")) problems.push_back(readProblem(p));
  } catch (const json::exception& e) {
    problems.push_back({Health::Critical,
                        QStringLiteral("validation"),
                        QStringLiteral("the engine's answer cannot be read (%1)").arg(QString::fromUtf8(e.what())),
                        QStringLiteral("are the workbench and the 'millrace' command of one version?"),
                        {},
                        {}});
  }
  return problems;
}

}  // namespace millrace::workbench
