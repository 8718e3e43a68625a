#include "core/experiment_document.hpp"

#include <QFileInfo>
#include <QUndoCommand>
#include <algorithm>
#include <stdexcept>

#include "core/experiment_yaml.hpp"
#include "core/text.hpp"
#include "core/text_file.hpp"

namespace millrace::workbench {
namespace {

using Json = ExperimentDocument::Json;

constexpr qint64 fileBytesMax = 1024 * 1024;
constexpr int depthMax = 32;  // as of YAML
/// Steps are small; a day's work of them.
constexpr int undoMax = 500;

bool isYaml(const QString& path) {
  const auto ending = QFileInfo{path}.suffix().toLower();
  return ending == QLatin1String("yaml") || ending == QLatin1String("yml");
}

result<QByteArray> read(const QString& path) {
  return readFile(path, fileBytesMax, QStringLiteral("is it an experiment?"));
}

result<YamlText> parse(const QString& path, const QByteArray& bytes) {
  if (isYaml(path)) return readYaml(bytes);
  try {
    // Deeper than anything an experiment holds: who copies and compares it does so by recursion.
    const auto isBounded = [](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
      if (depth > depthMax) throw std::length_error{"it is nested more than 32 deep"};
      return true;
    };
    return YamlText{Json::parse(bytes.begin(), bytes.end(), isBounded), {}};
  } catch (const std::exception& e) {
    return user_error(errc::parse_error, e.what());
  }
}

}  // namespace

/// The value at a place, before and after. (In braces it would become a list of one.)
class ExperimentDocument::Command final : public QUndoCommand {
public:
  Command(ExperimentDocument& document, const QString& title, Json::json_pointer place, Json after)
      : QUndoCommand{title}, m_document{document}, m_place{std::move(place)}, m_other(std::move(after)) {}

  void redo() override { swap(); }
  void undo() override { swap(); }

private:
  void swap() {
    std::swap(m_document.m_root[m_place], m_other);
    Q_EMIT m_document.changed();
  }

  ExperimentDocument& m_document;
  Json::json_pointer m_place;
  Json m_other;
};

ExperimentDocument::ExperimentDocument(Json root, QObject* parent) : QObject{parent}, m_root(std::move(root)) {
  m_undo.setUndoLimit(undoMax);
  connect(&m_undo, &QUndoStack::cleanChanged, this, &ExperimentDocument::titleChanged);
}

ExperimentDocument::~ExperimentDocument() {
  m_undo.disconnect(this);
}

result<std::unique_ptr<ExperimentDocument>> ExperimentDocument::open(const QString& path) {
  const auto absolute = QFileInfo{path}.absoluteFilePath();
  auto bytes = read(absolute);
  if (!bytes) return std::move(bytes).error();
  auto parsed = parse(absolute, *bytes);
  if (!parsed) return fileError(errc::parse_error, absolute, toQt(parsed.error().message), tr("mend it there"));
  if (!parsed->value.is_object()) {
    return fileError(errc::parse_error, absolute, tr("is no experiment"), tr("an experiment is an object"));
  }
  auto document = std::make_unique<ExperimentDocument>(std::move(parsed->value));
  document->m_path = absolute;
  document->m_lost = std::move(parsed->lost);
  document->m_bytes = *std::move(bytes);
  return document;
}

std::unique_ptr<ExperimentDocument> ExperimentDocument::recovered(Json root, const QString& path) {
  auto document = std::make_unique<ExperimentDocument>(std::move(root));
  if (!path.isEmpty()) {
    document->m_path = QFileInfo{path}.absoluteFilePath();
    // What its file would lose, and whether somebody else changes it from now on, the file tells.
    if (auto saved = open(path)) {
      document->m_lost = std::move((*saved)->m_lost);
      document->m_bytes = std::move((*saved)->m_bytes);
    }
  }
  document->m_undo.resetClean();
  return document;
}

QString ExperimentDocument::savePath() const {
  if (m_lost.isEmpty()) return m_path;
  const QFileInfo file{m_path};
  return file.absolutePath() + QLatin1Char('/') + file.completeBaseName() + QStringLiteral(".json");
}

const Json* ExperimentDocument::find(const std::string& pointer) const {
  const Json::json_pointer place{pointer};
  return m_root.contains(place) ? &m_root.at(place) : nullptr;
}

void ExperimentDocument::push(const QString& title, const Json::json_pointer& place, Json after) {
  if (m_root.at(place) == after) return;
  m_undo.push(new Command{*this, title, place, std::move(after)});
}

void ExperimentDocument::set(const QString& title, const std::string& pointer, Json value) {
  Json::json_pointer place{pointer};
  // What is not there is added to what is.
  while (!place.empty() && !m_root.contains(place)) {
    const auto parent = place.parent_pointer();
    const auto* there = m_root.contains(parent) ? &m_root.at(parent) : nullptr;
    const bool isKept = there != nullptr && (there->is_object() || there->is_array());
    auto around = isKept ? *there : Json::object();
    if (around.is_array()) {
      // What is in the list stays in it: it gets one more.
      around.push_back(std::move(value));
    } else {
      around[place.back()] = std::move(value);
    }
    value = std::move(around);
    place = parent;
  }
  push(title, place, std::move(value));
}

void ExperimentDocument::insert(const QString& title, const std::string& pointer, std::size_t index, Json value) {
  const auto* there = find(pointer);
  auto list = there != nullptr && there->is_array() ? *there : Json::array();
  index = std::min(index, list.size());
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
  set(title, pointer, std::move(list));
}

void ExperimentDocument::remove(const QString& title, const std::string& pointer) {
  const Json::json_pointer place{pointer};
  if (place.empty() || !m_root.contains(place)) return;
  auto around = m_root.at(place.parent_pointer());
  if (around.is_array()) {
    around.erase(static_cast<std::size_t>(std::stoull(place.back())));
  } else {
    around.erase(place.back());
  }
  push(title, place.parent_pointer(), std::move(around));
}

void ExperimentDocument::move(const QString& title, const std::string& pointer, std::size_t from, std::size_t to) {
  const auto* there = find(pointer);
  if (there == nullptr || !there->is_array() || from >= there->size() || to >= there->size()) return;
  auto list = *there;
  auto item = std::move(list[from]);
  list.erase(from);
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(to), std::move(item));
  push(title, Json::json_pointer{pointer}, std::move(list));
}

result<QByteArray> ExperimentDocument::text(const QString& path) const {
  if (isYaml(path)) return writeYaml(m_root);
  return QByteArray::fromStdString(m_root.dump(2) + "\n");
}

result<void> ExperimentDocument::save(const QString& path, bool overwrite) {
  const auto absolute = QFileInfo{path}.absoluteFilePath();
  if (absolute != m_path && !overwrite && QFileInfo::exists(absolute)) {
    return fileError(errc::already_exists, absolute, tr("is there already"),
                     tr("save under another name, or overwrite what is there"));
  }
  if (absolute == m_path && !overwrite) {
    if (!m_lost.isEmpty() && isYaml(absolute)) {
      return fileError(errc::already_exists, absolute, tr("has %1, which would be lost").arg(m_lost),
                       tr("save as JSON, or overwrite what is there"));
    }
    const auto present = read(absolute);
    if (present && *present != m_bytes) {
      return fileError(errc::already_exists, absolute, tr("was changed by another program since it was read"),
                       tr("save under another name, or overwrite what is there"));
    }
  }
  auto bytes = text(absolute);
  if (!bytes) return std::move(bytes).error();
  if (auto written = writeFile(absolute, *bytes); !written) return written;
  m_path = absolute;
  m_bytes = *std::move(bytes);
  m_lost.clear();
  m_undo.setClean();
  Q_EMIT titleChanged();
  return {};
}

}  // namespace millrace::workbench
