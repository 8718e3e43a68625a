#pragma once

#include <QObject>
#include <QString>
#include <QUndoStack>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// An experiment that is being edited: the JSON of Chaos Toolkit's open format itself, so that members nobody here
/// knows stay what and where they are. Every edit is one step of undo. Holds no widgets. Thread: GUI.
class ExperimentDocument final : public QObject {
  Q_OBJECT

public:
  using Json = nlohmann::ordered_json;

  explicit ExperimentDocument(Json root, QObject* parent = nullptr);
  ~ExperimentDocument() override;

  /// JSON or YAML by the file's ending. Errors: `not_found`, `io_error`, `limit_exceeded` (1 MiB, as the engine),
  /// `parse_error` with the line; not an object.
  [[nodiscard]] static result<std::unique_ptr<ExperimentDocument>> open(const QString& path);

  /// What a journal kept of the experiment at `path`, which may be empty: not saved yet. It is modified.
  [[nodiscard]] static std::unique_ptr<ExperimentDocument> recovered(Json root, const QString& path);

  [[nodiscard]] const Json& root() const noexcept { return m_root; }
  [[nodiscard]] QUndoStack& undoStack() noexcept { return m_undo; }
  [[nodiscard]] bool isModified() const { return !m_undo.isClean(); }
  /// Absolute; empty: it has no file yet.
  [[nodiscard]] const QString& path() const noexcept { return m_path; }
  /// Where `Save` writes: the file it came from, or a JSON file beside a YAML file that would lose something.
  [[nodiscard]] QString savePath() const;
  /// What its YAML file would lose, such as "comments"; empty: nothing.
  [[nodiscard]] const QString& lost() const noexcept { return m_lost; }

  /// Its value at a JSON pointer; nullptr: there is none.
  [[nodiscard]] const Json* find(const std::string& pointer) const;
  /// Replaces what is at a pointer, or adds it behind the members that are there, with the objects on the way.
  void set(const QString& title, const std::string& pointer, Json value);
  /// In the list at `pointer`, which is made where there is none.
  void insert(const QString& title, const std::string& pointer, std::size_t index, Json value);
  /// A member of an object, or an item of a list.
  void remove(const QString& title, const std::string& pointer);
  /// An item of the list at `pointer` takes another place.
  void move(const QString& title, const std::string& pointer, std::size_t from, std::size_t to);

  /// As a file of this name would hold it. Errors: those of `writeYaml`.
  [[nodiscard]] result<QByteArray> text(const QString& path) const;
  /// Atomic. Errors: `already_exists` for another file that is there, and when another program changed this one since
  /// it was read (unless `overwrite`); those of `text` and of `writeFile`; the old file is then as it was.
  [[nodiscard]] result<void> save(const QString& path, bool overwrite = false);

Q_SIGNALS:
  /// After an edit, an undo or a redo.
  void changed();
  /// Of its path, or whether it is modified.
  void titleChanged();

private:
  class Command;
  void push(const QString& title, const Json::json_pointer& place, Json after);

  Json m_root;
  QString m_path;
  QString m_lost;
  QByteArray m_bytes;  // of the file, as they were read or written
  QUndoStack m_undo;
};

}  // namespace millrace::workbench
