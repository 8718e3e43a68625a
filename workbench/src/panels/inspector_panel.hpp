#pragma once

#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QSpinBox>
#include <vector>

#include "core/document.hpp"
#include "core/figures.hpp"
#include "core/policy_fields.hpp"
#include "panels/param_editor.hpp"
#include "panels/text_undo.hpp"

namespace millrace::workbench {

/// What is selected on the canvas.
struct Selection {
  std::vector<std::string> actors;
  std::vector<stream_spec> streams;
  std::vector<std::string> groups;    ///< titles
  std::vector<std::string> comments;  ///< ids

  bool operator==(const Selection&) const = default;
};

/// What is selected, in full: an actor's name, partitions, failure policy and parameters, made from what the engine
/// tells of its type; the topology's own settings when nothing is. Each change is one step of undo. Thread: GUI.
class InspectorPanel final : public QScrollArea {
  Q_OBJECT

public:
  explicit InspectorPanel(const ActorCatalogue& catalogue, QWidget* parent = nullptr);

  void setDocument(Document* document);
  void setSelection(const Selection& selection);
  void setProblems(const ProblemList& problems);
  /// What runs, for the health of what is selected; nullptr: nothing does.
  void setFigures(const RunFigures* run);
  [[nodiscard]] QString health() const { return m_health == nullptr ? QString{} : m_health->text(); }
  /// Again, as after the catalogue or the theme has changed; what is seen of it stays.
  void rebuild();
  /// Gives the keyboard to a parameter's editor.
  void focusParam(const std::string& param);
  /// Gives the keyboard to the first field of what is selected.
  void focusFirst();

Q_SIGNALS:
  void hint(const QString& text);
  /// The group that is shown has this title now.
  void groupRenamed(const std::string& title);

private:
  void build();
  void showActor(const actor_spec& actor);
  void showTopology();
  void showStream(const stream_spec& stream);
  void showGroup(const std::string& title);
  void showComment(const std::string& id);
  void takeEdit(result<Edit> edit);
  void finishTyping();
  void addTitle(const QString& title, const QString& detail);
  void addHeading(const QString& text);
  void addPolicy();
  void addSupervisionOf(const std::string& title);
  /// Rows for those members of a policy that `wanted` picks; each is seen while it counts in what `policy` gives.
  void addPolicyFields(const std::function<bool(const PolicyField&)>& wanted,
                       std::function<const failure_policy*()> policy,
                       const std::function<bool(const PolicyField&)>& isSeen,
                       const std::function<result<Edit>(const PolicyField&, const QString&)>& change);
  void addPolicyProblems();
  void addParams(const actor_spec& actor, const ActorType& type);
  QLineEdit* addField(const QString& label, std::function<QString()> value, std::function<void(const QString&)> take);
  QWidget* addChoice(const QString& label, const QStringList& choices, std::function<QString()> value,
                     std::function<void(const QString&)> take);
  void refreshValues();
  [[nodiscard]] const actor_spec* actor() const;

  const ActorCatalogue& m_catalogue;
  TextUndo m_undo;
  Document* m_document = nullptr;
  Selection m_selection;
  ProblemList m_problems;
  QFormLayout* m_form = nullptr;
  QLabel* m_help = nullptr;
  QLabel* m_health = nullptr;
  std::vector<ParamEditor*> m_params;
  std::vector<std::function<void()>> m_refreshers;
};

}  // namespace millrace::workbench
