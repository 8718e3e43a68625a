// Experiments as files: what is kept, what cannot be, and what a mistake or a full disk leaves.
#include "core/experiment_document.hpp"

#include <QDirIterator>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "chaos/experiment.hpp"
#include "core/experiment_yaml.hpp"
#include "file_size_limit.hpp"

namespace millrace::workbench {
namespace {

using Json = ExperimentDocument::Json;

/// Members of the format, of its extensions, and of nobody.
QByteArray unknownMembers() {
  QByteArray text{
      "{'zeta': {'later': [1, 2.5, null, '5'], 'also': false}, 'title': 'kept', 'description': 'unknown here',\n"
      " 'contributions': {'reliability': 'high'}, 'method': [{'controls': [{'name': 'x', 'provider': {'type': "
      "'python', 'module': 'm'}}], 'type': 'action', 'name': 'a', 'provider': {'type': 'process', 'path': 'millrace', "
      "'secrets': ['s']}}], 'alpha': 1}\n"};
  return text.replace('\'', '"');
}

}  // namespace

class ExperimentDocumentTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void everySampleIsReadAsTheEngineReadsIt() {
    int count = 0;
    for (const auto& path : samples()) {
      const auto opened = ExperimentDocument::open(path);
      QVERIFY2(opened.has_value(), qPrintable(path));
      const auto engines = chaos::load_experiment(path.toStdString());
      QVERIFY2(engines.has_value(), qPrintable(path));
      QVERIFY2(nlohmann::json((*opened)->root()) == engines->text, qPrintable(path));
      ++count;
    }
    QVERIFY(count > 40);
  }

  void scalarsOfYamlAreThoseOfTheEngine() {
    const auto path =
        put(QStringLiteral("tricky.yaml"),
            "title: \"5\"\ndescription: 1.10\nmethod: []\na: yes\nb: '7'\nc: 1e3\nd: ~\ne: null\nf: 0x1F\n"
            "g: -0.5\nh: \"true\"\ni: true\nj: |\n  two # lines\n  here\nk: it's # no comment before\n");
    auto text = bytes(path);
    const auto read = readYaml(text);
    QVERIFY(read.has_value());
    QCOMPARE(read->lost, QStringLiteral("comments"));
    text.replace(" # no comment before", "");
    const auto again = readYaml(text);
    QVERIFY(again.has_value());
    QVERIFY2(again->lost.isEmpty(), qPrintable(again->lost));
    put(QStringLiteral("tricky.yaml"), text.replace("description: 1.10", "description: some"));
    const auto engines = chaos::load_experiment(path.toStdString());
    QVERIFY2(engines.has_value(), engines.has_value() ? "" : engines.error().message.c_str());
    QVERIFY(nlohmann::json(readYaml(text)->value) == engines->text);
  }

  void everySampleSurvivesSavingInItsFormatAndInTheOther() {
    for (const auto& path : samples()) {
      auto opened = ExperimentDocument::open(path);
      QVERIFY2((*opened)->lost().isEmpty(), qPrintable(path + (*opened)->lost()));
      const auto before = (*opened)->root();
      for (const auto* name : {"copy.yaml", "copy.json"}) {
        const auto copy = m_folder.filePath(QString::fromLatin1(name));
        const auto saved = (*opened)->save(copy, true);
        QVERIFY2(saved.has_value(), saved.has_value() ? "" : saved.error().message.c_str());
        const auto again = ExperimentDocument::open(copy);
        QVERIFY2(again.has_value(), qPrintable(path));
        QVERIFY2((*again)->root() == before, qPrintable(path));
        // Ordered JSON compares its members in their order.
        QCOMPARE((*again)->root().dump(), before.dump());
      }
    }
  }

  void whatNobodyKnowsStaysWhereItIs() {
    const auto path = put(QStringLiteral("unknown.json"), unknownMembers());
    auto document = *ExperimentDocument::open(path);
    document->set(QStringLiteral("title"), "/title", "another");
    document->insert(QStringLiteral("add"), "/method", 0, Json{{"ref", "a"}});
    document->set(QStringLiteral("deep"), "/runtime/rollbacks/strategy", "always");
    QVERIFY(document->save(path).has_value());
    auto wanted = Json::parse(unknownMembers());
    wanted["title"] = "another";
    wanted["method"].insert(wanted["method"].begin(), Json{{"ref", "a"}});
    wanted["runtime"] = {{"rollbacks", {{"strategy", "always"}}}};
    QCOMPARE(bytes(path), QByteArray::fromStdString(wanted.dump(2) + "\n"));
    const auto again = *ExperimentDocument::open(path);
    QCOMPARE(again->root().dump(), wanted.dump());
  }

  void editsAreUndoneAndDoneAgain() {
    const auto path = put(QStringLiteral("undo.json"), unknownMembers());
    auto document = *ExperimentDocument::open(path);
    const auto before = document->root().dump();
    document->remove(QStringLiteral("remove"), "/method/0");
    document->set(QStringLiteral("new"), "/configuration/x~1y", 5);
    document->insert(QStringLiteral("list"), "/rollbacks", 9, Json::object());
    document->insert(QStringLiteral("list"), "/rollbacks", 9, Json::array());
    document->move(QStringLiteral("move"), "/rollbacks", 1, 0);
    document->remove(QStringLiteral("remove"), "/zeta");
    QCOMPARE(document->find("/configuration/x~1y")->get<int>(), 5);
    QVERIFY(document->find("/rollbacks/0")->is_array());
    QVERIFY(document->find("/zeta") == nullptr);
    const auto after = document->root().dump();
    QVERIFY(document->isModified());
    QCOMPARE(document->undoStack().count(), 6);
    while (document->undoStack().canUndo()) document->undoStack().undo();
    QCOMPARE(document->root().dump(), before);
    QVERIFY(!document->isModified());
    while (document->undoStack().canRedo()) document->undoStack().redo();
    QCOMPARE(document->root().dump(), after);
    // What changes nothing is no step.
    document->set(QStringLiteral("same"), "/title", "kept");
    QCOMPARE(document->undoStack().count(), 6);
  }

  void yamlThatWouldLoseSomethingGoesBesideAsJson() {
    const QByteArray text = "# for the team\ntitle: t\ndescription: d\nmethod: []\n";
    const auto path = put(QStringLiteral("noted.yaml"), text);
    auto document = *ExperimentDocument::open(path);
    QCOMPARE(document->lost(), QStringLiteral("comments"));
    QCOMPARE(document->savePath(), m_folder.filePath(QStringLiteral("noted.json")));
    document->set(QStringLiteral("title"), "/title", "u");
    QVERIFY(document->save(document->savePath()).has_value());
    QCOMPARE(bytes(path), text);
    QCOMPARE((*ExperimentDocument::open(document->path()))->root()["title"].get<std::string>(), std::string{"u"});
    for (const auto* lossy :
         {"a: &x 1\nb: *x\n", "a: !odd 1\n", "a: 1\n---\nb: 2\n", "a: 1 # one\n", "a: |\n  x\n# y\n"}) {
      QVERIFY2(!readYaml(lossy)->lost.isEmpty(), lossy);
    }
    for (const auto* fine :
         {"a: 'x # y'\n", "a: \"x \\\" # y\"\n", "a: 'it''s # x'\n", "a: x#y\n", "a: |\n  x # y\n\n  # z\nb: 1\n"}) {
      QVERIFY2(readYaml(fine)->lost.isEmpty(), fine);
    }
  }

  void whatIsPutIntoAListThatIsTooShortIsAddedToIt() {
    ExperimentDocument document{Json::parse(R"({"extensions": [{"name": "other", "kept": 1}]})")};
    document.set({}, "/extensions/1", {{"name", "millrace"}});
    QCOMPARE(document.root().dump(), std::string{R"({"extensions":[{"name":"other","kept":1},{"name":"millrace"}]})"});
    document.undoStack().undo();
    QCOMPARE(document.root().dump(), std::string{R"({"extensions":[{"name":"other","kept":1}]})"});
  }

  void jsonThatIsNestedTooDeeplyIsRefused() {
    const auto path = m_folder.filePath(QStringLiteral("deep.json"));
    QFile file{path};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("{\"a\":" + QByteArray(300'000, '[') + QByteArray(300'000, ']') + "}");
    file.close();
    const auto opened = ExperimentDocument::open(path);
    QVERIFY(!opened);
    QVERIFY2(opened.error().message.find("32 deep") != std::string::npos, opened.error().message.c_str());
  }

  void aFullDiskLeavesTheOldFileAndTheChanges() {
    const auto path = put(QStringLiteral("full.json"), unknownMembers());
    auto document = *ExperimentDocument::open(path);
    document->set(QStringLiteral("title"), "/title", "changed");
    {
      const support::file_size_limit full{16};
      const auto refused = document->save(path);
      QCOMPARE(refused.error().code, errc::disk_full);
      QVERIFY(refused.error().message.find("make room") != std::string::npos);
    }
    QCOMPARE(bytes(path), unknownMembers());
    QVERIFY(document->isModified());
    QVERIFY(document->save(path).has_value());
    QVERIFY(!document->isModified());
    QVERIFY(bytes(path).contains("changed"));
  }

  void whatAnotherProgramWroteIsNotOverwritten() {
    const auto path = put(QStringLiteral("shared.json"), unknownMembers());
    auto document = *ExperimentDocument::open(path);
    put(QStringLiteral("shared.json"), "{}");
    QCOMPARE(document->save(path).error().code, errc::already_exists);
    const auto other = put(QStringLiteral("other.json"), "{}");
    QCOMPARE(document->save(other).error().code, errc::already_exists);
    QCOMPARE(bytes(other), QByteArray{"{}"});
    QVERIFY(document->save(path, true).has_value());
  }

  void whatIsNoExperimentSaysSoWithItsFile() {
    for (const auto& [name, text] : {std::pair{"a.json", "[1]"}, {"b.json", "{\"a\": }"}, {"c.yaml", "a: [1\n"}}) {
      const auto path = put(QString::fromLatin1(name), text);
      const auto opened = ExperimentDocument::open(path);
      QCOMPARE(opened.error().code, errc::parse_error);
      QVERIFY(opened.error().message.find(name) != std::string::npos);
    }
    QCOMPARE(ExperimentDocument::open(m_folder.filePath(QStringLiteral("none.json"))).error().code, errc::not_found);
    const auto large = put(QStringLiteral("large.json"), QByteArray(1024 * 1024 + 1, ' '));
    QCOMPARE(ExperimentDocument::open(large).error().code, errc::limit_exceeded);
  }

private:
  static QStringList samples() {
    QStringList out;
    QDirIterator files{QStringLiteral(MILLRACE_SAMPLES "/chaos"), {QStringLiteral("*.yaml")}, QDir::Files};
    while (files.hasNext()) out << files.next();
    return out;
  }
  QString put(const QString& name, const QByteArray& text) const {
    const auto path = m_folder.filePath(name);
    QFile file{path};
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size()) qFatal("a file cannot be written");
    return path;
  }
  static QByteArray bytes(const QString& path) {
    QFile file{path};
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
  }

  QTemporaryDir m_folder;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::ExperimentDocumentTest)
#include "experiment_document_test.moc"
