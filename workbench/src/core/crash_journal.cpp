#include "core/crash_journal.hpp"

#include <QDir>
#include <QFile>
#include <QUuid>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds settleTime{500};
constexpr qint64 journalBytesMax = 64LL * 1024 * 1024;
constexpr const char* ending = ".journal";

QString lockOf(const QString& file) {
  return file + QStringLiteral(".lock");
}

bool readJournal(LostWork& work) {
  QFile file{work.file};
  if (!file.open(QIODevice::ReadOnly) || file.size() > journalBytesMax) return false;
  work.written = file.fileTime(QFileDevice::FileModificationTime);
  const auto bytes = file.readAll();
  const auto root = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!root.is_object() || !root.contains("text") || !root["text"].is_string()) return false;
  auto spec = parse_topology(root["text"].get<std::string>(), "journal");
  if (!spec) return false;
  work.drawing.spec = *std::move(spec);
  if (root.contains("path") && root["path"].is_string()) work.path = toQt(root["path"].get<std::string>());
  if (!root.contains("layout") || !root["layout"].is_string()) return true;
  if (auto layout = parseLayout(QByteArray::fromStdString(root["layout"].get<std::string>()), "journal")) {
    work.drawing.layout = *std::move(layout);
  }
  return true;
}

}  // namespace

CrashJournal::CrashJournal(Document& document, const QString& folder, QObject* parent)
    : QObject{parent},
      m_document{document},
      m_file{folder + QLatin1Char('/') + QUuid::createUuid().toString(QUuid::WithoutBraces) + QLatin1String(ending)} {
  m_delay.setSingleShot(true);
  m_delay.setInterval(settleTime);
  connect(&m_delay, &QTimer::timeout, this, &CrashJournal::write);
  const auto settle = [this] { m_delay.start(); };
  connect(&document, &Document::changed, this, settle);
  connect(&document, &Document::titleChanged, this, settle);
  if (document.isModified()) settle();
}

CrashJournal::~CrashJournal() {
  remove();
}

void CrashJournal::remove() {
  QFile::remove(m_file);
  m_owner.reset();
}

bool CrashJournal::write() {
  if (!m_document.isModified()) {
    remove();
    return true;
  }
  const json root{{"path", toStd(m_document.path())},
                  {"text", m_document.text().toStdString()},
                  {"layout", toText(m_document.layout()).toStdString()}};
  const auto bytes = QByteArray::fromStdString(root.dump());
  if (m_owner == nullptr && QDir{}.mkpath(QFileInfo{m_file}.absolutePath())) {
    m_owner = std::make_unique<QLockFile>(lockOf(m_file));
    m_owner->setStaleLockTime(0);
    m_owner->tryLock();
  }
  // Not synchronised: a crash of the program loses nothing that was written, and the disk would hold up the window.
  QFile file{m_file + QStringLiteral(".new")};
  const bool isWritten = file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.flush();
  const auto why = file.errorString();
  file.close();
  if (isWritten && std::rename(QFile::encodeName(file.fileName()), QFile::encodeName(m_file)) == 0) {
    m_hasFailed = false;
    return true;
  }
  file.remove();
  if (!m_hasFailed) {
    m_hasFailed = true;
    Q_EMIT failed(tr("unsaved changes cannot be kept for a crash: %1: %2").arg(m_file, why));
  }
  return false;
}

std::vector<LostWork> CrashJournal::find(const QString& folder) {
  std::vector<LostWork> found;
  const QDir dir{folder};
  for (const auto& entry :
       dir.entryInfoList({QLatin1Char('*') + QLatin1String(ending)}, QDir::Files, QDir::Time | QDir::Reversed)) {
    LostWork work;
    work.file = entry.absoluteFilePath();
    // A living owner holds its lock; a dead one's is stale and taken.
    QLockFile owner{lockOf(work.file)};
    owner.setStaleLockTime(0);
    if (owner.tryLock() && readJournal(work)) found.push_back(std::move(work));
  }
  return found;
}

void CrashJournal::discard(const LostWork& work) {
  QFile::remove(work.file);
}

}  // namespace millrace::workbench
