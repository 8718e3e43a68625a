#include "core/journal_file.hpp"

#include <QDir>
#include <QFile>
#include <QUuid>
#include <cstdio>

namespace millrace::workbench {
namespace {

constexpr qint64 journalBytesMax = 64LL * 1024 * 1024;

QString lockOf(const QString& file) {
  return file + QStringLiteral(".lock");
}

}  // namespace

JournalFile::JournalFile(const QString& folder, const QString& ending)
    : m_file{folder + QLatin1Char('/') + QUuid::createUuid().toString(QUuid::WithoutBraces) + ending} {}

JournalFile::~JournalFile() {
  remove();
}

void JournalFile::remove() {
  QFile::remove(m_file);
  m_owner.reset();
}

QString JournalFile::write(const QByteArray& bytes) {
  if (m_owner == nullptr && QDir{}.mkpath(QFileInfo{m_file}.absolutePath())) {
    m_owner = std::make_unique<QLockFile>(lockOf(m_file));
    m_owner->setStaleLockTime(0);
    m_owner->tryLock();
  }
  QFile file{m_file + QStringLiteral(".new")};
  const bool isWritten = file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.flush();
  const auto why = file.errorString();
  file.close();
  if (isWritten && std::rename(QFile::encodeName(file.fileName()), QFile::encodeName(m_file)) == 0) return {};
  file.remove();
  return QStringLiteral("%1: %2").arg(m_file, why);
}

std::vector<JournalFile::Left> JournalFile::find(const QString& folder, const QString& ending) {
  std::vector<Left> found;
  const QDir dir{folder};
  for (const auto& entry : dir.entryInfoList({QLatin1Char('*') + ending}, QDir::Files, QDir::Time | QDir::Reversed)) {
    QFile file{entry.absoluteFilePath()};
    // A living owner holds its lock; a dead one's is stale and taken.
    QLockFile owner{lockOf(file.fileName())};
    owner.setStaleLockTime(0);
    if (!owner.tryLock() || file.size() > journalBytesMax || !file.open(QIODevice::ReadOnly)) continue;
    found.push_back({file.fileName(), file.fileTime(QFileDevice::FileModificationTime), file.readAll()});
  }
  return found;
}

}  // namespace millrace::workbench
