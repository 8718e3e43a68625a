#pragma once

#include <QLabel>
#include <QWidget>
#include <functional>

#include "core/actor_catalogue.hpp"
#include "core/problem_list.hpp"

namespace millrace::workbench {

/// Edits one parameter by what the engine says of it: a box to tick, a list of choices, or a field with its unit and
/// default. What is typed becomes an edit when it is done, or a sentence below that says what is allowed. Thread: GUI.
class ParamEditor final : public QWidget {
  Q_OBJECT

public:
  explicit ParamEditor(const ParamInfo& param, QWidget* parent = nullptr);

  [[nodiscard]] const ParamInfo& param() const noexcept { return m_param; }
  /// What the document holds; nothing: the default. Does not disturb what is being typed.
  void setValue(const std::optional<param_value>& value);
  /// What validation says of it; nullptr: nothing.
  void setProblem(const Problem* problem);

Q_SIGNALS:
  void edited(const std::optional<millrace::param_value>& value);
  /// It got the keyboard: its help is wanted.
  void entered();

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  QWidget* makeFlag();
  QWidget* makeChoice();
  QWidget* makeSuggestions();
  QWidget* makeField();
  void commit(const QString& text);
  void say(const QString& text, Health level);

  ParamInfo m_param;
  QWidget* m_editor = nullptr;
  QLabel* m_message;
  std::function<void(const std::optional<param_value>&)> m_show;
  bool m_isRefused = false;
};

}  // namespace millrace::workbench
