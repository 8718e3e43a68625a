#pragma once

#include <QFormLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <vector>

#include "core/experiment_document.hpp"
#include "core/experiment_fields.hpp"
#include "core/experiment_model.hpp"
#include "panels/param_editor.hpp"

namespace millrace::workbench {

/// Edits one row of an experiment: its fields, and below them all of it as JSON, so that nothing is out of reach. What
/// is typed becomes a step of undo when it is done. Thread: GUI.
class ExperimentForm final : public QScrollArea {
  Q_OBJECT

public:
  explicit ExperimentForm(QWidget* parent = nullptr);

  /// nullptr: none.
  void setDocument(ExperimentDocument* document);
  void setRow(ExperimentRow row);
  /// What targets are taken from.
  void setTopology(topology spec);
  void setProblems(const std::vector<ExperimentProblem>& problems);
  /// The keyboard goes to the first field.
  void focusFirst();
  /// Commits what is being typed.
  void finishTyping();

Q_SIGNALS:
  /// What the field with the keyboard is for.
  void explained(const QString& help);

private:
  struct Entry {
    ExperimentField field;
    ParamEditor* editor;
  };
  void rebuild();
  void refresh();
  void showProblems();
  void bringIntoView(QWidget* editor);
  void take(std::size_t index, const std::optional<param_value>& value);
  void addEditor(std::size_t index);
  void addText();
  void takeText();
  void sayOfText(const QString& wrong);
  void store(const QString& title, nlohmann::ordered_json value);
  void storeAt(const QString& title, const std::string& pointer, nlohmann::ordered_json value);
  [[nodiscard]] std::vector<std::string> shape(const std::vector<ExperimentField>& fields) const;

  ExperimentDocument* m_document = nullptr;
  ExperimentRow m_row;
  topology m_spec;
  std::vector<ExperimentProblem> m_problems;
  std::vector<Entry> m_entries;
  QFormLayout* m_form = nullptr;
  QPlainTextEdit* m_text = nullptr;
  QLabel* m_textProblem = nullptr;
  QLabel* m_rest = nullptr;  // a problem that is no field's
};

}  // namespace millrace::workbench
