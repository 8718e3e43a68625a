#include "core/document_file.hpp"

#include <QFile>
#include <QFileInfo>

#include "core/auto_wiring.hpp"
#include "core/layered_layout.hpp"
#include "core/text.hpp"
#include "core/text_file.hpp"

namespace millrace::workbench {
namespace {

/// As the framework's own reader.
constexpr qint64 fileBytesMax = 16LL * 1024 * 1024;

result<QByteArray> readFile(const QString& path) {
  return workbench::readFile(path, fileBytesMax, QStringLiteral("is it a topology?"));
}

/// What a file holds now; empty when there is none.
QByteArray presentBytes(const QString& path) {
  auto bytes = readFile(path);
  return bytes ? *std::move(bytes) : QByteArray{};
}

/// Every actor gets a place: files written by hand have none.
void placeMissing(Drawing& drawing) {
  auto& places = drawing.layout.places;
  if (places.empty()) {
    places = layeredLayout(drawing.spec);
    return;
  }
  for (const auto& actor : drawing.spec.actors) {
    if (!places.contains(actor.name)) places[actor.name] = freePlace(drawing.layout, {});
  }
}

}  // namespace

DocumentFile::DocumentFile(int number) {
  Drawing drawing;
  drawing.spec.name = "topology-" + std::to_string(number);
  m_document = std::make_unique<Document>(std::move(drawing));
}

result<DocumentFile> DocumentFile::open(const QString& path) {
  const auto absolute = QFileInfo{path}.absoluteFilePath();
  auto bytes = readFile(absolute);
  if (!bytes) return std::move(bytes).error();
  auto spec = parse_topology(bytes->toStdString(), toStd(absolute));
  if (!spec) return std::move(spec).error();
  Drawing drawing;
  drawing.spec = *std::move(spec);
  QByteArray layoutBytes;
  if (QFile::exists(layoutPath(absolute))) {
    auto read = readFile(layoutPath(absolute));
    if (!read) return std::move(read).error();
    auto layout = parseLayout(*read, toStd(layoutPath(absolute)));
    if (!layout) return std::move(layout).error();
    drawing.layout = *std::move(layout);
    layoutBytes = *std::move(read);
  }
  auto saved = drawing.spec;
  placeMissing(drawing);
  DocumentFile file{std::make_unique<Document>(std::move(drawing), absolute)};
  file.m_bytes = *std::move(bytes);
  file.m_layoutBytes = std::move(layoutBytes);
  file.m_saved = std::move(saved);
  return file;
}

DocumentFile DocumentFile::recovered(Drawing drawing, const QString& path) {
  DocumentFile file{nullptr};
  if (auto present = path.isEmpty() ? result<DocumentFile>{DocumentFile{nullptr}} : open(path))
    file = *std::move(present);
  placeMissing(drawing);
  file.m_document = std::make_unique<Document>(std::move(drawing), path);
  file.m_document->markUnsaved();
  return file;
}

bool DocumentFile::isChangedOnDisk() const {
  const auto& path = m_document->path();
  if (path.isEmpty()) return false;
  return presentBytes(path) != m_bytes || presentBytes(layoutPath(path)) != m_layoutBytes;
}

result<void> DocumentFile::save(const QString& path, bool overwrite) {
  const auto absolute = QFileInfo{path}.absoluteFilePath();
  const auto isOwn = absolute == m_document->path();
  if (isOwn && !overwrite && isChangedOnDisk()) {
    return fileError(errc::already_exists, absolute, QStringLiteral("was changed by another program since it was read"),
                     QStringLiteral("save under another name, or overwrite what is there"));
  }
  const auto text = m_document->text();
  // What cannot be read back must not replace what can.
  if (auto readable = parse_topology(text.toStdString(), toStd(absolute)); !readable) {
    return std::move(readable).error();
  }
  const auto isSame = isOwn && !overwrite && m_document->spec() == m_saved;
  if (!isSame) {
    if (auto written = writeFile(absolute, text); !written) return written;
    m_bytes = text;
    m_saved = m_document->spec();
  }
  const auto layout = toText(m_document->layout());
  if (!isOwn || layout != m_layoutBytes || overwrite) {
    if (auto written = writeFile(layoutPath(absolute), layout); !written) return written;
    m_layoutBytes = layout;
  }
  m_document->markSaved(absolute);
  return {};
}

}  // namespace millrace::workbench
