#include "engine/actor_trial_run.hpp"

#include <QFile>

#include "core/problem_list.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr std::chrono::milliseconds trialMax{20'000};

bool write(const QString& path, const QByteArray& bytes) {
  QFile file{path};
  return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.flush();
}

}  // namespace

ActorTrialRun::ActorTrialRun(QObject* parent) : QObject{parent} {
  // Validation first: its sentences are those the user knows from the list of problems.
  connect(&m_check, &ToolCall::failed, this, &ActorTrialRun::failed);
  connect(&m_check, &ToolCall::finished, this, [this](const QByteArray& output) {
    for (const auto& problem : readProblems(output)) {
      if (problem.level != Health::Critical) continue;
      Q_EMIT failed(problem.what + QStringLiteral("; ") + problem.remedy);
      return;
    }
    begin();
  });
  connect(&m_call, &ToolCall::failed, this, &ActorTrialRun::failed);
  connect(&m_call, &ToolCall::finished, this, [this](const QByteArray& output, int exitCode) {
    const auto outputs = readTrial(m_trial, m_folder->path());
    if (exitCode == 0) {
      Q_EMIT finished(outputs);
    } else {
      const auto lines = QString::fromUtf8(output).trimmed().split(QLatin1Char('\n'));
      Q_EMIT failed(tr("the events could not be given to it: %1").arg(lines.last().left(400)));
    }
  });
}

void ActorTrialRun::start(const ActorType& type, const actor_spec& actor, const QString& fields,
                          const QByteArray& events) {
  m_check.cancel();
  m_call.cancel();
  m_folder = std::make_unique<QTemporaryDir>();
  m_trial = trialOf(type, actor, toStd(fields));
  const auto text = QByteArray::fromStdString(to_text(m_trial));
  if (!m_folder->isValid() || !write(m_folder->filePath(QLatin1String(trialTopologyFile)), text) ||
      !write(m_folder->filePath(QLatin1String(trialEventsFile)), events)) {
    Q_EMIT failed(tr("%1 cannot be written: make room in the folder for temporary files").arg(m_folder->path()));
    return;
  }
  m_check.start(
      millraceProgram(),
      {QStringLiteral("validate"), m_folder->filePath(QLatin1String(trialTopologyFile)), QStringLiteral("--json")},
      trialMax);
}

void ActorTrialRun::begin() {
  m_call.start(
      millraceProgram(),
      {QStringLiteral("run"), m_folder->filePath(QLatin1String(trialTopologyFile)), QStringLiteral("--data-dir"),
       m_folder->filePath(QStringLiteral("data")), QStringLiteral("--no-table"), QStringLiteral("--duration"),
       QStringLiteral("15s"), QStringLiteral("--log"), m_folder->filePath(QStringLiteral("log"))},
      trialMax);
}

}  // namespace millrace::workbench
