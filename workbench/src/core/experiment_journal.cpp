#include "core/experiment_journal.hpp"

#include <QFile>
#include <QFileInfo>

#include "core/line_diff.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using Json = ExperimentDocument::Json;

constexpr std::chrono::milliseconds settleTime{500};

QString ending() {
  return QStringLiteral(".experiment");
}

}  // namespace

QString LostExperiment::name() const {
  if (!path.isEmpty()) return QFileInfo{path}.fileName();
  const auto title = root.find("title");
  return title != root.end() && title->is_string() ? toQt(title->get<std::string>())
                                                   : QStringLiteral("an experiment without a file");
}

QStringList LostExperiment::difference() const {
  QString before;
  if (!path.isEmpty()) {
    if (const auto saved = ExperimentDocument::open(path)) before = toQt((*saved)->root().dump(2));
  }
  return lineDiff(before, toQt(root.dump(2, ' ', false, Json::error_handler_t::replace)));
}

ExperimentJournal::ExperimentJournal(const QString& folder, QObject* parent)
    : QObject{parent}, m_file{folder, ending()} {
  m_delay.setSingleShot(true);
  m_delay.setInterval(settleTime);
  connect(&m_delay, &QTimer::timeout, this, &ExperimentJournal::write);
}

void ExperimentJournal::setDocument(ExperimentDocument* document) {
  if (m_document != nullptr) m_document->disconnect(this);
  m_delay.stop();
  m_file.remove();
  m_document = document;
  if (document == nullptr) return;
  const auto settle = [this] { m_delay.start(); };
  connect(document, &ExperimentDocument::changed, this, settle);
  connect(document, &ExperimentDocument::titleChanged, this, settle);
  if (document->isModified()) settle();
}

bool ExperimentJournal::write() {
  if (m_document == nullptr || !m_document->isModified()) {
    m_file.remove();
    return true;
  }
  const Json root{{"path", toStd(m_document->path())}, {"experiment", m_document->root()}};
  const auto why = m_file.write(QByteArray::fromStdString(root.dump(-1, ' ', false, Json::error_handler_t::replace)));
  const bool isNews = !why.isEmpty() && !m_hasFailed;
  m_hasFailed = !why.isEmpty();
  if (isNews) Q_EMIT failed(tr("unsaved changes of the experiment cannot be kept for a crash: %1").arg(why));
  return why.isEmpty();
}

std::vector<LostExperiment> ExperimentJournal::find(const QString& folder) {
  std::vector<LostExperiment> found;
  for (const auto& left : JournalFile::find(folder, ending())) {
    auto root = Json::parse(left.bytes.begin(), left.bytes.end(), nullptr, false);
    if (!root.is_object() || !root.contains("experiment") || !root["experiment"].is_object()) continue;
    LostExperiment lost{left.file, {}, left.written, std::move(root["experiment"])};
    if (root.contains("path") && root["path"].is_string()) lost.path = toQt(root["path"].get<std::string>());
    found.push_back(std::move(lost));
  }
  return found;
}

void ExperimentJournal::discard(const LostExperiment& lost) {
  QFile::remove(lost.file);
}

}  // namespace millrace::workbench
