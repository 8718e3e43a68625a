// What the inspector shows of failures: the policy of an actor, and how the group it is supervised in restarts.

#include <QCheckBox>
#include <QComboBox>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/supervision_edits.hpp"
#include "core/text.hpp"
#include "panels/inspector_panel.hpp"

namespace millrace::workbench {
namespace {

/// What is said of an actor's policy, or of the group whose restarts are its own.
bool isOfPolicy(const Problem& p, const topology& spec, const std::string& actor) {
  if (p.actor == actor) return p.item == "on_failure";
  const auto* group = spec.group_of(actor);
  return group != nullptr && p.actor == "groups" && p.item == group->name;
}

}  // namespace

void InspectorPanel::addPolicyFields(const std::function<bool(const PolicyField&)>& wanted,
                                     std::function<const failure_policy*()> policy,
                                     const std::function<bool(const PolicyField&)>& isSeen,
                                     const std::function<result<Edit>(const PolicyField&, const QString&)>& change) {
  for (const auto& field : policyFields()) {
    if (!wanted(field)) continue;
    const auto value = [&field, policy] { return policy() == nullptr ? QString{} : field.text(*policy()); };
    const auto take = [this, &field, change](const QString& text) { takeEdit(change(field, text)); };
    QWidget* editor = field.choices.isEmpty() ? addField(field.label, value, take)
                                              : addChoice(field.label, field.choices, value, take);
    editor->setToolTip(field.help);
    editor->setAccessibleDescription(field.help);
    m_refreshers.push_back([this, editor, &field, isSeen] { m_form->setRowVisible(editor, isSeen(field)); });
  }
}

void InspectorPanel::addPolicyProblems() {
  auto* words = new QLabel;
  words->setWordWrap(true);
  words->setTextFormat(Qt::PlainText);
  words->setObjectName(QStringLiteral("policyProblem"));
  words->setAccessibleName(tr("What is wrong with the failure policy"));
  m_form->addRow(words);
  m_refreshers.push_back([this, words] {
    const auto* a = actor();
    const auto at = a == nullptr ? m_problems.end() : std::ranges::find_if(m_problems, [&](const Problem& p) {
      return isOfPolicy(p, m_document->spec(), a->name);
    });
    const bool isWrong = at != m_problems.end();
    m_form->setRowVisible(words, isWrong);
    if (!isWrong) return;
    auto colours = words->palette();
    colours.setColor(QPalette::WindowText, Theme::current().of(at->level));
    words->setPalette(colours);
    words->setText(at->remedy.isEmpty() ? at->what : at->what + QStringLiteral("; ") + at->remedy);
  });
}

void InspectorPanel::addPolicy() {
  addHeading(tr("Failures"));
  const auto ownPolicy = [this]() -> const failure_policy* {
    return actor() == nullptr ? nullptr : &actor()->on_failure;
  };
  const auto group = [this]() -> const group_spec* {
    return actor() == nullptr ? nullptr : m_document->spec().group_of(actor()->name);
  };
  const auto changeOwn = [this](const PolicyField& f, const QString& text) {
    return policyChange(*m_document, m_selection.actors.front(), f.name, text);
  };
  addPolicyFields([](const PolicyField&) { return true; }, ownPolicy,
                  [ownPolicy, group](const PolicyField& f) {
                    const auto* policy = ownPolicy();
                    if (policy == nullptr || !f.counts(*policy)) return false;
                    // Pauses between attempts are the actor's own wherever it is supervised.
                    const bool isOfAttempts =
                        f.part == PolicyField::Part::Pauses && policy->action == failure_action::retry;
                    return group() == nullptr || !f.isOfRestarts() || isOfAttempts;
                  },
                  changeOwn);
  auto* field = addField(
      tr("Supervised with"), [group] { return group() == nullptr ? QString{} : toQt(group()->name); },
      [this](const QString& text) {
        takeEdit(supervision(*m_document, {m_selection.actors.front()}, toStd(text.trimmed())));
      });
  field->setPlaceholderText(tr("nobody"));
  field->setToolTip(
      tr("The name of a group: failures of its actors are counted together, and may send each other back."));
  addPolicyFields([](const PolicyField& f) { return f.isOfRestarts(); },
                  [group]() -> const failure_policy* { return group() == nullptr ? nullptr : &group()->restarts; },
                  [group](const PolicyField& f) { return group() != nullptr && f.isOfRestarts(); },
                  [this, group](const PolicyField& f, const QString& text) -> result<Edit> {
                    if (group() == nullptr) return user_error(errc::not_found, "it is in no supervision group");
                    return groupPolicyChange(*m_document, group()->name, f.name, text);
                  });
  addPolicyProblems();
}

void InspectorPanel::addSupervisionOf(const std::string& title) {
  const auto group = [this, title] { return supervisionOf(m_document->drawing(), title); };
  auto* box = new QCheckBox{tr("supervised as one")};
  box->setToolTip(
      tr("Failures of its actors are counted together, and may send each other back. In the topology's file."));
  m_form->addRow(box);
  m_refreshers.push_back([box, group] {
    const QSignalBlocker quiet{box};
    box->setChecked(group() != nullptr);
  });
  connect(box, &QCheckBox::toggled, this, [this, title](bool isOn) {
    const auto at = m_document->layout().groups.find(title);
    if (at == m_document->layout().groups.end()) return;
    takeEdit(supervision(*m_document, {at->second.actors.begin(), at->second.actors.end()},
                         isOn ? supervisionName(m_document->spec(), title) : std::string{}));
  });
  addPolicyFields([](const PolicyField& f) { return f.isOfRestarts(); },
                  [group]() -> const failure_policy* { return group() == nullptr ? nullptr : &group()->restarts; },
                  [group](const PolicyField&) { return group() != nullptr; },
                  [this, group](const PolicyField& f, const QString& text) -> result<Edit> {
                    if (group() == nullptr) return user_error(errc::not_found, "it is not supervised as one");
                    return groupPolicyChange(*m_document, group()->name, f.name, text);
                  });
}

}  // namespace millrace::workbench
