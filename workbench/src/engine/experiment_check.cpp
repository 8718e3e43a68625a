#include "engine/experiment_check.hpp"

#include <QFile>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// Typing makes many changes: the last of them counts.
constexpr std::chrono::milliseconds settleTime{150};
constexpr std::chrono::milliseconds checkMax{30'000};

}  // namespace

std::vector<ExperimentProblem> readExperimentProblems(const QByteArray& bytes) {
  std::vector<ExperimentProblem> out;
  try {
    const auto told = nlohmann::json::parse(bytes.begin(), bytes.end());
    for (const auto& p : told.at("problems")) {
      out.push_back({p.value("where", ""), toQt(p.value("what", ""))});
    }
  } catch (const nlohmann::json::exception& e) {
    out.push_back({{},
                   ExperimentCheck::tr("the engine's answer cannot be read (%1): are the workbench and the "
                                       "'millrace' command of one version?")
                       .arg(QString::fromUtf8(e.what()))});
  }
  return out;
}

ExperimentCheck::ExperimentCheck(QObject* parent) : QObject{parent} {
  m_delay.setSingleShot(true);
  m_delay.setInterval(settleTime);
  connect(&m_delay, &QTimer::timeout, this, &ExperimentCheck::begin);
  connect(&m_call, &ToolCall::finished, this,
          [this](const QByteArray& output) { take(readExperimentProblems(output)); });
  connect(&m_call, &ToolCall::failed, this, [this](const QString& why) { take({{{}, why}}); });
}

void ExperimentCheck::setDocument(ExperimentDocument* document) {
  if (m_document != nullptr) disconnect(m_document, nullptr, this, nullptr);
  m_document = document;
  ++m_revision;
  m_call.cancel();
  if (document == nullptr) return;
  connect(document, &ExperimentDocument::changed, this, [this] {
    ++m_revision;
    m_delay.start();
  });
  begin();
}

void ExperimentCheck::begin() {
  if (m_document == nullptr || m_call.isRunning()) return;
  m_begun = m_revision;
  // Validation looks at no other file, so that the copy may lie elsewhere.
  QFile copy{m_folder.filePath(QStringLiteral("experiment.json"))};
  const auto text = QByteArray::fromStdString(m_document->root().dump());
  if (!copy.open(QIODevice::WriteOnly) || copy.write(text) != text.size() || !copy.flush()) {
    take({{{}, tr("%1: %2; make room in the folder for temporary files").arg(copy.fileName(), copy.errorString())}});
    return;
  }
  copy.close();
  m_call.start(millraceProgram(),
               {QStringLiteral("chaos"), QStringLiteral("validate"), copy.fileName(), QStringLiteral("--json")},
               checkMax);
}

void ExperimentCheck::take(const std::vector<ExperimentProblem>& problems) {
  m_checked = m_begun;
  if (m_checked == m_revision) Q_EMIT checked(problems);
  if (m_checked != m_revision) m_delay.start();
}

}  // namespace millrace::workbench
