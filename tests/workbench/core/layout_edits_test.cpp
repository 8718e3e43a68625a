#include "core/layout_edits.hpp"

#include <QTest>

#include "core/difference.hpp"
#include "core/topology_edits.hpp"
#include "sample_drawing.hpp"

namespace millrace::workbench {
namespace {

using Names = std::set<std::string>;

}  // namespace

/// Groups and comments: kept in the layout, one step of undo each, the topology's own file never touched.
class LayoutEditsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void anActorIsInOneGroupAtMost() {
    Document document{sample()};
    const auto hash = document.contentHash();
    std::string first, second;
    document.push(grouping(document, {"a", "b"}, first));
    document.push(grouping(document, {"b", "c"}, second));
    QCOMPARE(first, std::string{"Group"});
    QCOMPARE(second, std::string{"Group 2"});
    QCOMPARE(document.layout().groups.at(first).actors, Names{"a"});
    QCOMPARE(document.layout().groups.at(second).actors, (Names{"b", "c"}));
    QCOMPARE(document.contentHash(), hash);
    document.undoStack().undo();
    QCOMPARE(document.layout().groups.at(first).actors, (Names{"a", "b"}));
    document.undoStack().undo();
    QVERIFY(document.layout().groups.empty());
  }

  void groupsFollowRenamesAndRemovals() {
    Document document{sample()};
    std::string title;
    document.push(grouping(document, {"a", "b"}, title));
    document.push(*renaming(document, "a", "z"));
    QCOMPARE(document.layout().groups.at(title).actors, (Names{"b", "z"}));
    document.push(removal(document, {"b"}, {}));
    QCOMPARE(document.layout().groups.at(title).actors, Names{"z"});
    document.push(removal(document, {"z"}, {}));
    QVERIFY(document.layout().groups.empty());
    for (int i = 0; i < 4; ++i) document.undoStack().undo();
    QCOMPARE(document.drawing().layout, sample().layout);
  }

  void titlesAreCheckedAndTaken() {
    Document document{sample()};
    std::string one, two;
    document.push(grouping(document, {"a"}, one));
    document.push(grouping(document, {"b"}, two));
    QVERIFY(!groupRenaming(document, one, "").has_value());
    QVERIFY(!groupRenaming(document, one, std::string(groupTitleBytesMax + 1, 'x')).has_value());
    QVERIFY(!groupRenaming(document, one, two).has_value());
    document.push(*groupRenaming(document, one, "Intake"));
    QVERIFY(document.layout().groups.contains("Intake"));
    QVERIFY(!groupMembers(document, "Intake", {"nobody"}).has_value());
    document.push(*groupMembers(document, "Intake", {"a", "b"}));
    QVERIFY(!document.layout().groups.contains(two));
    document.push(*groupAssignment(document, "a", ""));
    QVERIFY(document.layout().groupOf("a") == nullptr);
  }

  void aCopyOfAWholeGroupIsAGroup() {
    Document document{sample()};
    std::string title;
    document.push(grouping(document, {"a", "b"}, title));
    document.push(collapsing(document, {title}, true));
    const std::vector<std::string> all{"a", "b", "c"};
    auto part = parse_topology(fragmentText(document, all), "copy");
    std::vector<std::string> added;
    document.push(insertion(document, {*std::move(part), layoutOf(document, all)}, {500, 500}, {}, added));
    QCOMPARE(document.layout().groups.at("Group 2").actors, (Names{"a-2", "b-2"}));
    QVERIFY(document.layout().groups.at("Group 2").isCollapsed);
    // Half a group is none.
    QVERIFY(layoutOf(document, {"a"}).groups.empty());
  }

  void aCopyRunsWhereTheOriginalDoes() {
    Document document{sample()};
    auto edit = document.edit();
    edit.setPins("a", std::vector<std::string>{"near", "far"});
    document.push(edit.take({}));
    auto part = parse_topology(fragmentText(document, {"a"}), "copy");
    std::vector<std::string> added;
    document.push(insertion(document, {*std::move(part), layoutOf(document, {"a"})}, {500, 500}, {}, added));
    QCOMPARE(document.layout().pins.at("a-2"), (std::vector<std::string>{"near", "far"}));
  }

  void whatOneGestureDoesIsOneStep() {
    Document document{sample()};
    std::string one, two, id;
    document.push(grouping(document, {"a"}, one));
    document.push(grouping(document, {"b"}, two));
    document.push(commenting(document, {0, 0}, "note", id));
    const auto steps = document.undoStack().count();
    document.push(collapsing(document, {one, two}, true));
    QVERIFY(document.layout().groups.at(one).isCollapsed && document.layout().groups.at(two).isCollapsed);
    document.push(removal(document, {"a", "b"}, {}, {id}));
    QVERIFY(document.spec().find("a") == nullptr && document.layout().comments.empty());
    QCOMPARE(document.undoStack().count(), steps + 2);
    document.undoStack().undo();
    QVERIFY(document.spec().find("b") != nullptr && document.layout().comments.contains(id));
  }

  void aLayoutWithGroupsAndCommentsIsReadAsWritten() {
    Document document{sample()};
    std::string title, id;
    document.push(grouping(document, {"a", "b"}, title));
    document.push(collapsing(document, {title}, true));
    document.push(commenting(document, {-40, 12}, "\"why\" twice?\nline two", id));
    const auto text = toText(document.layout());
    const auto read = parseLayout(text, "test");
    QVERIFY2(read.has_value(), read ? "" : read.error().message.c_str());
    QCOMPARE(*read, document.layout());
    QCOMPARE(toText(*read), text);
  }

  void wrongGroupsAndCommentsAreRefusedByName() {
    const auto messageOf = [](const char* members) {
      const auto read =
          parseLayout(QByteArray{"{\"millrace_layout\": 1, \"actors\": {}, "} + members + "}", "x.layout");
      return read ? std::string{} : read.error().message;
    };
    QVERIFY(messageOf("\"groups\": {\"g\": {\"actors\": [1]}}").find("/groups/g/actors") != std::string::npos);
    QVERIFY(
        messageOf("\"groups\": {\"g\": {\"actors\": [\"a\"]}, \"h\": {\"actors\": [\"a\"]}}").find("another group") !=
        std::string::npos);
    QVERIFY(messageOf("\"groups\": {\"\": {\"actors\": []}}").find("/groups/") != std::string::npos);
    QVERIFY(messageOf("\"groups\": []").find("/groups") != std::string::npos);
    QVERIFY(messageOf("\"comments\": {\"1\": {\"text\": \"x\", \"place\": [1]}}").find("/comments/1") !=
            std::string::npos);
    QVERIFY(messageOf("\"comments\": {\"1\": {\"place\": [1, 1e9], \"text\": \"x\"}}").find("/comments/1") !=
            std::string::npos);
  }

  void differencesNameWhatIsOther() {
    const auto from = sample().spec;
    auto to = from;
    to.actors[1].parallelism = 4;
    to.actors[1].params["rate"] = 5.0;
    to.actors.erase(to.actors.begin());
    to.streams.erase(to.streams.begin());
    to.add("d", "t.sink");
    to.connect("b", "d");
    QVERIFY(differences(from, from, {}).empty());
    const auto all = differences(from, to, {});
    QCOMPARE(all.size(), std::size_t{5});
    QCOMPARE(all[0].kind, ChangeKind::Changed);
    QCOMPARE(all[0].text, QStringLiteral("b: partitions 1 → 4, rate default → 5"));
    QCOMPARE(all[1].text, QStringLiteral("d"));
    QCOMPARE(all[1].kind, ChangeKind::Added);
    QCOMPARE(all[2].kind, ChangeKind::Removed);
    QCOMPARE(all[2].actor, std::string{"a"});
    QCOMPARE(all[3].stream, (stream_spec{"b", "out", "d", "in"}));
    QCOMPARE(all[4].kind, ChangeKind::Removed);
    QCOMPARE(all[4].text, QStringLiteral("a.out → b.in"));
  }

private:
  static Drawing sample() { return testing::chainOf({"a", "b", "c"}); }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::LayoutEditsTest)
#include "layout_edits_test.moc"
