#include "engine/validator.hpp"

#include <QFile>

namespace millrace::workbench {
namespace {

/// Typing and dragging make many changes: the last of them counts.
constexpr std::chrono::milliseconds settleTime{150};
constexpr std::chrono::milliseconds validationMax{30'000};

Problem ownProblem(const QString& what, const QString& remedy) {
  return {Health::Critical, QStringLiteral("validation"), what, remedy, {}, {}};
}

}  // namespace

Validator::Validator(Document& document, QObject* parent) : QObject{parent}, m_document{document} {
  m_delay.setSingleShot(true);
  m_delay.setInterval(settleTime);
  connect(&document, &Document::changed, this, [this] {
    ++m_revision;
    m_delay.start();
  });
  connect(&m_delay, &QTimer::timeout, this, &Validator::begin);
  connect(&m_call, &ToolCall::finished, this, [this](const QByteArray& output) {
    if (m_begun == m_revision) m_document.setRecords(readRecords(output));
    take(readProblems(output));
  });
  connect(&m_call, &ToolCall::failed, this, [this](const QString& why) {
    take({ownProblem(why, QStringLiteral("the topology could not be checked; editing and saving work"))});
  });
  m_delay.start();
}

void Validator::checkAgain() {
  m_document.setRecords(std::nullopt);
  ++m_revision;
  m_delay.start();
}

void Validator::begin() {
  if (m_call.isRunning()) return;
  m_begun = m_revision;
  if (m_document.spec().actors.empty()) {
    take({});
    return;
  }
  // The engine looks at no file while it validates, so that the copy may lie elsewhere.
  QFile copy{m_folder.filePath(QStringLiteral("topology.mill"))};
  const auto text = m_document.text();
  if (!copy.open(QIODevice::WriteOnly) || copy.write(text) != text.size() || !copy.flush()) {
    take({ownProblem(copy.fileName() + QStringLiteral(": ") + copy.errorString(),
                     QStringLiteral("make room in the folder for temporary files"))});
    return;
  }
  copy.close();
  m_call.start(millraceProgram(), {QStringLiteral("validate"), copy.fileName(), QStringLiteral("--json")},
               validationMax);
}

void Validator::take(ProblemList problems) {
  m_checked = m_begun;
  m_problems = std::move(problems);
  Q_EMIT problemsChanged();
  if (m_checked != m_revision) m_delay.start();
}

}  // namespace millrace::workbench
