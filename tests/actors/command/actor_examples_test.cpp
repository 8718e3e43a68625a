#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTest>

#include "command_process.hpp"

using millrace::test::command_output;
using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;

namespace {

QByteArray read(const QString& path) {
  QFile file{path};
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
}

QDir examples() {
  return QDir{ACTOR_EXAMPLES};
}

/// Files of a sink in the order of their names, the header line of each but the first left out.
QByteArray written_below(const QString& folder) {
  QStringList paths;
  QDirIterator files{folder, QDir::Files, QDirIterator::Subdirectories};
  while (files.hasNext()) paths.append(files.next());
  paths.sort();
  QByteArray all;
  for (const auto& path : paths) {
    auto text = read(path);
    const auto header_end = text.indexOf('\n') + 1;
    if (!all.isEmpty() && path.endsWith(".csv") && all.startsWith(text.first(header_end))) text.remove(0, header_end);
    all += text;
  }
  return all;
}

/// Whether the lines stand in the text, in this order, each at the beginning of a line.
bool has_lines_in_order(const QByteArray& text, const QByteArray& lines) {
  const auto shown = "\n" + text;
  qsizetype from = 0;
  for (const auto& line : lines.split('\n')) {
    if (line.isEmpty()) continue;
    from = shown.indexOf("\n" + line, from);
    if (from < 0) return false;
    ++from;
  }
  return true;
}

}  // namespace

/// Each ready-made actor has an example in samples/actors that runs and gives what is expected.
class actor_examples_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  static QStringList names(const QDir& folder = examples()) {
    QStringList names;
    for (const auto& file : folder.entryList({"*.mill"}, QDir::Files, QDir::Name)) names.append(file.chopped(5));
    return names;
  }

private slots:
  void initTestCase() {
    // Relative paths start at the topology, and examples write beside it: a copy keeps the tree clean.
    QProcess copy;
    copy.start("cp", {"-r", ACTOR_EXAMPLES, folder_.filePath("actors")});
    QVERIFY(copy.waitForFinished() && copy.exitCode() == 0);
    QDir{folder_.filePath("actors/out")}.removeRecursively();  // of somebody who ran one by hand
  }

  void everyActorHasAnExample() {
    const auto listed = run_command({"actor", "list", "--json"});
    QCOMPARE(listed.exit_code, 0);
    // Those in net need somebody to talk to; the test net_examples runs them.
    const auto have = names() + names(QDir{examples().filePath("net")});
    QStringList missing;
    for (const auto& type : nlohmann::json::parse(listed.out.toStdString())) {
      const auto id = QString::fromStdString(type["id"].get<std::string>());
      if (id.startsWith("millrace.") && !have.contains(id.sliced(9))) missing.append(id);
    }
    QVERIFY2(missing.isEmpty(), qPrintable("no example for " + missing.join(", ")));
  }

  /// docs/actor-reference.md is what the command prints: `millrace actor reference --examples samples/actors`.
  void theReferenceIsUpToDate() {
    const auto printed = run_command({"actor", "reference", "--examples", ACTOR_EXAMPLES});
    QVERIFY2(printed.exit_code == 0, printed.err);
    const auto stored = read(examples().filePath("../../docs/actor-reference.md"));
    QVERIFY2(printed.out == stored,
             "write it anew: millrace actor reference --examples samples/actors > docs/actor-reference.md");
  }

  void givesWhatIsExpected_data() {
    QTest::addColumn<QString>("name");
    for (const auto& name : names()) QTest::newRow(qPrintable(name)) << name;
  }
  void givesWhatIsExpected() {
    QFETCH(QString, name);
    const auto topology = folder_.filePath("actors/" + name + ".mill");
    QVERIFY2(read(topology).contains(QString("\"millrace.%1\"").arg(name).toUtf8()), "it does not use the actor");
    QProcess process;
    const auto piped = folder_.filePath("actors/data/" + name + ".in");
    if (QFile::exists(piped)) process.setStandardInputFile(piped);
    start_command(process, {"run", topology, "--data-dir", folder_.filePath("data/" + name)});
    const auto ended = finish_command(process);
    QVERIFY2(ended.exit_code == 0, ended.err);
    for (const QString form : {"csv", "jsonl"}) {
      const auto expected = examples().filePath("expected/" + name + "." + form);
      if (!QFile::exists(expected)) continue;
      QCOMPARE(QString::fromUtf8(written_below(folder_.filePath("actors/out/" + name))),
               QString::fromUtf8(read(expected)));
      return;
    }
    const auto expected = examples().filePath("expected/" + name + ".out");
    QVERIFY2(QFile::exists(expected), "nothing is expected of it");
    QVERIFY2(has_lines_in_order(ended.out, read(expected)), ended.out);
  }
};

QTEST_GUILESS_MAIN(actor_examples_test)
#include "actor_examples_test.moc"
