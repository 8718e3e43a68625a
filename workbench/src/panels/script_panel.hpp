#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QWidget>

#include "core/document.hpp"
#include "core/problem_list.hpp"
#include "engine/actor_trial_run.hpp"
#include "panels/lua_editor.hpp"
#include "panels/text_undo.hpp"

namespace millrace::workbench {

/// The Lua of the selected actor, with what validation says at its place, and what it makes of sample events that are
/// typed or read from a file. What is typed becomes one step of undo when the keyboard leaves it or on Ctrl+Enter.
/// Thread: GUI.
class ScriptPanel final : public QWidget {
  Q_OBJECT

public:
  explicit ScriptPanel(const ActorCatalogue& catalogue, QWidget* parent = nullptr);

  void setDocument(Document* document);
  void setActors(const std::vector<std::string>& actors);
  void setProblems(const ProblemList& problems);
  /// After the theme has changed.
  void repaintAll();
  /// Whether the selected actor has any Lua.
  [[nodiscard]] bool hasScript() const noexcept { return !m_param.empty(); }
  [[nodiscard]] LuaEditor& editor() noexcept { return *m_editor; }
  /// Runs the sample events through the actor as it is now.
  void tryIt();
  [[nodiscard]] QString results() const { return m_results->toPlainText(); }
  [[nodiscard]] QString fields() const { return m_fields->text(); }
  [[nodiscard]] QString events() const { return m_events->toPlainText(); }
  void setSample(const QString& fields, const QString& events);

  /// Why there are no samples.
  void tell(const QString& text) { m_results->setPlainText(text); }

Q_SIGNALS:
  /// Events that go to the actor at this moment, as `setSample` takes them.
  void samplesWanted(const std::string& actor);

private:
  QWidget* makeTrial();
  void refresh();
  void commit();
  void showProblem();
  void readEvents();
  [[nodiscard]] std::string arrivingFields() const;

  const ActorCatalogue& m_catalogue;
  TextUndo m_undo;
  Document* m_document = nullptr;
  std::string m_actor, m_param;
  ProblemList m_problems;
  ActorTrialRun m_trial;
  QLabel* m_title;
  LuaEditor* m_editor;
  QLabel* m_message;
  QWidget* m_body;
  QLabel* m_empty;
  QLineEdit* m_fields = nullptr;
  QPlainTextEdit* m_events = nullptr;
  QPlainTextEdit* m_results = nullptr;
  QPushButton* m_try = nullptr;
};

}  // namespace millrace::workbench
