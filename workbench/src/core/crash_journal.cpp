#include "core/crash_journal.hpp"

#include <QFile>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds settleTime{500};

QString ending() {
  return QStringLiteral(".journal");
}

std::optional<LostWork> readJournal(const JournalFile::Left& left) {
  LostWork work{left.file, {}, left.written, {}};
  const auto root = json::parse(left.bytes.begin(), left.bytes.end(), nullptr, false);
  if (!root.is_object() || !root.contains("text") || !root["text"].is_string()) return std::nullopt;
  auto spec = parse_topology(root["text"].get<std::string>(), "journal");
  if (!spec) return std::nullopt;
  work.drawing.spec = *std::move(spec);
  if (root.contains("path") && root["path"].is_string()) work.path = toQt(root["path"].get<std::string>());
  if (!root.contains("layout") || !root["layout"].is_string()) return work;
  if (auto layout = parseLayout(QByteArray::fromStdString(root["layout"].get<std::string>()), "journal")) {
    work.drawing.layout = *std::move(layout);
  }
  return work;
}

}  // namespace

CrashJournal::CrashJournal(Document& document, const QString& folder, QObject* parent)
    : QObject{parent}, m_document{document}, m_file{folder, ending()} {
  m_delay.setSingleShot(true);
  m_delay.setInterval(settleTime);
  connect(&m_delay, &QTimer::timeout, this, &CrashJournal::write);
  const auto settle = [this] { m_delay.start(); };
  connect(&document, &Document::changed, this, settle);
  connect(&document, &Document::titleChanged, this, settle);
  if (document.isModified()) settle();
}

bool CrashJournal::write() {
  if (!m_document.isModified()) {
    m_file.remove();
    return true;
  }
  const json root{{"path", toStd(m_document.path())},
                  {"text", m_document.text().toStdString()},
                  {"layout", toText(m_document.layout()).toStdString()}};
  const auto why = m_file.write(QByteArray::fromStdString(root.dump()));
  const bool isNews = !why.isEmpty() && !m_hasFailed;
  m_hasFailed = !why.isEmpty();
  if (isNews) Q_EMIT failed(tr("unsaved changes cannot be kept for a crash: %1").arg(why));
  return why.isEmpty();
}

std::vector<LostWork> CrashJournal::find(const QString& folder) {
  std::vector<LostWork> found;
  for (const auto& left : JournalFile::find(folder, ending())) {
    if (auto work = readJournal(left)) found.push_back(*std::move(work));
  }
  return found;
}

void CrashJournal::discard(const LostWork& work) {
  QFile::remove(work.file);
}

}  // namespace millrace::workbench
