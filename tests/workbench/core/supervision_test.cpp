#include <QTest>
#include <set>

#include "core/difference.hpp"
#include "core/policy_fields.hpp"
#include "core/supervision_edits.hpp"
#include "core/topology_edits.hpp"
#include "sample_drawing.hpp"

namespace millrace::workbench {

/// Failure policies and supervision groups as they are edited.
class SupervisionTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  /// A member somebody adds to the policy and not to the table would be beyond anybody's reach in the workbench.
  void everyMemberOfAPolicyCanBeEditedAndStandsInTheFile() {
    Document document{sample()};
    const std::map<std::string, const char*> other{
        {"action", "retry"},    {"max_attempts", "7"},   {"after_retries", "restart"}, {"scope", "rest_for_one"},
        {"max_restarts", "9"},  {"period", "5m"},        {"beyond", "escalate"},       {"backoff", "250ms"},
        {"backoff_max", "30s"}, {"jitter_percent", "5"}, {"hang_after", "45s"},        {"on_hang", "restart"}};
    QCOMPARE(policyFields().size(), other.size());
    for (const auto& field : policyFields()) {
      const auto text = QString::fromLatin1(other.at(field.name));
      const auto before = document.text();
      auto edit = policyChange(document, "b", field.name, text);
      QVERIFY2(edit.has_value(), field.name);
      document.push(*std::move(edit));
      QCOMPARE(field.text(document.spec().find("b")->on_failure), text);
      QVERIFY2(document.text().contains('"' + QByteArray{field.name} + '"'), document.text());
      document.undoStack().undo();
      QCOMPARE(document.text(), before);
      document.undoStack().redo();
    }
    QCOMPARE(document.undoStack().count(), static_cast<int>(other.size()));
    // All that a `.mill` file says of a policy comes back from it.
    const auto read = parse_topology(document.text().toStdString(), "sample");
    QVERIFY(read.has_value());
    QCOMPARE(read->find("b")->on_failure, document.spec().find("b")->on_failure);
    for (const auto& field : policyFields()) {
      QVERIFY2(field.text(read->find("b")->on_failure) != field.text(failure_policy{}), field.name);
    }
  }

  void whatCannotBeIsRefusedWithWhatCanBe() {
    Document document{sample()};
    const auto refusal = [&](const char* field, const char* text) {
      const auto edit = policyChange(document, "b", field, QString::fromLatin1(text));
      return edit ? std::string{"taken"} : edit.error().message;
    };
    QVERIFY2(refusal("max_attempts", "0").find("from 1 to 1000") != std::string::npos,
             refusal("max_attempts", "0").c_str());
    QVERIFY(refusal("max_restarts", "-1").find("from 0 to 1000") != std::string::npos);
    QVERIFY(refusal("max_restarts", "many").find("whole number") != std::string::npos);
    QVERIFY(refusal("jitter_percent", "101").find("from 0 to 100") != std::string::npos);
    QVERIFY(refusal("period", "soon").find("period") != std::string::npos);
    QVERIFY(refusal("after_retries", "retry").find("resume, restart, stop, escalate") != std::string::npos);
    QVERIFY(refusal("scope", "all").find("one_for_one") != std::string::npos);
    QVERIFY(!policyChange(document, "nobody", "scope", QStringLiteral("one_for_one")).has_value());
    QCOMPARE(document.undoStack().count(), 0);
  }

  void onlyWhatCountsIsShown() {
    const auto shown = [](const failure_policy& p) {
      std::set<std::string> names;
      for (const auto& f : policyFields()) {
        if (f.counts(p)) names.insert(f.name);
      }
      return names;
    };
    failure_policy p;
    QVERIFY(shown(p).contains("scope") && !shown(p).contains("max_attempts"));
    p.action = failure_action::resume;
    QCOMPARE(shown(p), (std::set<std::string>{"action", "hang_after", "on_hang"}));
    p.hang_after = {};
    QCOMPARE(shown(p), (std::set<std::string>{"action", "hang_after"}));
    p.action = failure_action::retry;
    QVERIFY(shown(p).contains("max_attempts") && shown(p).contains("backoff") && !shown(p).contains("scope"));
    p.after_retries = failure_action::restart;
    QVERIFY(shown(p).contains("scope"));
  }

  void groupsAreMadeFilledAndLeftBehind() {
    Document document{sample()};
    document.push(*supervision(document, {"a", "b"}, "both"));
    QCOMPARE(document.spec().groups.size(), std::size_t{1});
    QCOMPARE(document.spec().groups.front().actors, (std::vector<std::string>{"a", "b"}));
    document.push(*groupPolicyChange(document, "both", "scope", QStringLiteral("all_for_one")));
    QCOMPARE(restartPolicy(document.spec(), "a")->scope, restart_scope::all_for_one);
    QCOMPARE(restartPolicy(document.spec(), "c")->scope, restart_scope::one_for_one);
    document.push(*supervision(document, {"b"}, "other"));
    QCOMPARE(document.spec().group_of("b")->name, std::string{"other"});
    document.push(*supervision(document, {"a"}, {}));
    QCOMPARE(document.spec().groups.size(), std::size_t{1});  // the one without actors is gone
    for (int i = 0; i < 4; ++i) document.undoStack().undo();
    QVERIFY(document.spec().groups.empty());
    for (int i = 0; i < 4; ++i) document.undoStack().redo();
    QCOMPARE(document.spec().group_of("b")->name, std::string{"other"});
    QVERIFY(!supervision(document, {"c"}, "no name!").has_value());
    QVERIFY(!groupPolicyChange(document, "nobody", "scope", QStringLiteral("all_for_one")).has_value());
  }

  void namesAndDeletionsReachTheGroups() {
    Document document{sample()};
    document.push(*supervision(document, {"a", "b"}, "both"));
    document.push(*renaming(document, "a", "first"));
    QCOMPARE(document.spec().groups.front().actors, (std::vector<std::string>{"first", "b"}));
    document.push(removal(document, {"first"}, {}));
    QCOMPARE(document.spec().groups.front().actors, std::vector<std::string>{"b"});
    document.push(removal(document, {"b"}, {}));
    QVERIFY(document.spec().groups.empty());
    document.undoStack().undo();
    document.undoStack().undo();
    document.undoStack().undo();
    QCOMPARE(document.spec().groups.front().actors, (std::vector<std::string>{"a", "b"}));
  }

  void wholeGroupsAreCopiedUnderAFreeName() {
    Document document{sample()};
    document.push(*supervision(document, {"a", "b"}, "both"));
    const auto fragment = parse_topology(fragmentText(document, {"a", "b"}), "clipboard");
    QVERIFY(fragment.has_value());
    std::vector<std::string> added;
    document.push(insertion(document, {*fragment, {}}, {}, QStringLiteral("Paste"), added));
    QCOMPARE(document.spec().groups.size(), std::size_t{2});
    QCOMPARE(document.spec().groups.back().name, std::string{"both-2"});
    QCOMPARE(document.spec().groups.back().actors, added);
    QVERIFY(parse_topology(fragmentText(document, {"a"}), "clipboard")->groups.empty());
  }

  void aFrameBecomesAGroupWithANameOfItsTitle() {
    auto drawing = sample();
    drawing.layout.groups["Intake & checks!"] = NodeGroup{{"a", "b"}, false};
    Document document{drawing};
    QVERIFY(supervisionOf(document.drawing(), "Intake & checks!") == nullptr);
    QCOMPARE(supervisionName(document.spec(), "Intake & checks!"), std::string{"Intake-checks"});
    QCOMPARE(supervisionName(document.spec(), "§"), std::string{"group"});
    document.push(*supervision(document, {"a", "b"}, "Intake-checks"));
    QCOMPARE(supervisionOf(document.drawing(), "Intake & checks!"), &document.spec().groups.front());
    QCOMPARE(supervisionName(document.spec(), "Intake checks"), std::string{"Intake-checks-2"});
    QCOMPARE(supervisionName(document.spec(), std::string(200, 'x')).size(), std::size_t{59});
  }

  void differencesNamePoliciesAndGroups() {
    const auto from = sample().spec;
    auto to = from;
    to.actors[1].on_failure.action = failure_action::retry;
    to.actors[1].on_failure.max_attempts = 5;
    to.groups.push_back({"both", {"a", "b"}, {}});
    const auto all = differences(from, to, {});
    QCOMPARE(all.size(), std::size_t{2});
    QCOMPARE(all[0].text, QStringLiteral("b: on failure restart → retry, attempts 3 → 5"));
    QCOMPARE(all[1].text, QStringLiteral("supervision group both"));
    auto later = to;
    later.groups.front().restarts.scope = restart_scope::all_for_one;
    QCOMPARE(differences(to, later, {}).front().text,
             QStringLiteral("supervision group both: goes back with it one_for_one → all_for_one"));
    QCOMPARE(differences(later, from, {}).back().kind, ChangeKind::Removed);
  }

private:
  static Drawing sample() { return testing::chainOf({"a", "b", "c"}); }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::SupervisionTest)
#include "supervision_test.moc"
