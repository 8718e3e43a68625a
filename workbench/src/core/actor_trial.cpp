#include "core/actor_trial.hpp"

#include <QDirIterator>
#include <QFile>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr int linesMax = 200;
constexpr qint64 fileBytesMax = qint64{4} * 1024 * 1024;
constexpr const char* triedActor = "tried";
constexpr const char* eventsActor = "events";

std::string sinkOf(const std::string& port) {
  return "out-" + port;
}

}  // namespace

topology trialOf(const ActorType& type, const actor_spec& actor, const std::string& fields) {
  topology t;
  t.name = "trial";
  t.add(eventsActor, "millrace.file_source",
        {{"path", std::string{trialEventsFile}},
         {"fields", fields},
         {"format", std::string{"jsonl"}},
         {"on_malformed", std::string{"fail"}}});
  auto tried = actor;
  tried.name = triedActor;
  tried.parallelism = 1;
  tried.on_failure = {};
  tried.on_failure.action = failure_action::resume;
  const std::string input = type.inputs.empty() ? "in" : type.inputs.front().name;
  t.actors.push_back(std::move(tried));
  if (type.isKeyed()) {
    t.add("keys", "millrace.by_key");
    t.connect(eventsActor, "keys").connect("keys", std::string{triedActor} + "." + input);
  } else {
    t.connect(eventsActor, std::string{triedActor} + "." + input);
  }
  for (const auto& output : type.outputs) {
    t.add(sinkOf(output.name), "millrace.file_sink", {{"path", sinkOf(output.name)}, {"format", std::string{"jsonl"}}});
    t.connect(std::string{triedActor} + "." + output.name, sinkOf(output.name));
  }
  return t;
}

std::vector<TrialOutput> readTrial(const topology& trial, const QString& folder) {
  std::vector<TrialOutput> outputs;
  for (const auto& stream : trial.streams) {
    if (stream.from_actor != triedActor) continue;
    TrialOutput output{toQt(stream.from_port), {}};
    QDirIterator files{folder + QLatin1Char('/') + toQt(sinkOf(stream.from_port)),
                       {QStringLiteral("*.jsonl")},
                       QDir::Files,
                       QDirIterator::Subdirectories};
    while (files.hasNext() && output.lines.size() < linesMax) {
      QFile file{files.next()};
      if (!file.open(QIODevice::ReadOnly) || file.size() > fileBytesMax) continue;
      while (!file.atEnd() && output.lines.size() < linesMax) {
        output.lines << QString::fromUtf8(file.readLine()).trimmed();
      }
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

QString sampleEvent(const std::string& fields) {
  auto event = nlohmann::ordered_json::object();
  for (const auto& field : toQt(fields).split(QLatin1Char(','), Qt::SkipEmptyParts)) {
    const auto name = toStd(field.section(QLatin1Char(':'), 0, 0).trimmed());
    const auto kind = field.section(QLatin1Char(':'), 1, 1).trimmed();
    if (kind.startsWith(QLatin1String("string"))) {
      event[name] = "a";
    } else if (kind.startsWith(QLatin1String("bool"))) {
      event[name] = true;
    } else if (kind.startsWith(QLatin1String("event_time"))) {
      event[name] = "2026-01-01T00:00:00Z";
    } else {
      event[name] = 1;
    }
  }
  return toQt(event.dump());
}

}  // namespace millrace::workbench
