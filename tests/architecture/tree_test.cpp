#include <QDebug>
#include <QtTest/QTest>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tree_rules.hpp"

namespace millrace::architecture {
namespace {

std::string text_of(const std::vector<finding>& found) {
  std::string text;
  for (const auto& f : found) text += "\n  " + f.path + ":" + std::to_string(f.line) + ": " + f.what;
  return text;
}

std::string content_of(const std::string& path) {
  std::ifstream in{std::string{MILLRACE_SOURCE_DIR "/"} + path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A tree in which each layer offers one header, and `path` includes `included`.
tree_rules tree_with(const std::string& path, const std::string& included) {
  return tree_rules{{{"framework/include/millrace/error.hpp", "#pragma once\n"},
                     {"persistence/include/millrace/persistence/store.hpp", "#pragma once\n"},
                     {"transport/include/millrace/transport/link.hpp", "#pragma once\n"},
                     {"actors/include/millrace/run.hpp", "#pragma once\n"},
                     {path, "#pragma once\n#include <" + included + ">\n"}}};
}

}  // namespace

class tree_test : public QObject {
  Q_OBJECT

private slots:
  void theTreeKeepsTheDirectionOfItsLayers();
  void nothingWasLeftInTheCode();
  void everySourceCanBeRead();
  void aBadIncludeIsFound_data();
  void aBadIncludeIsFound();
  void aGoodIncludePasses_data();
  void aGoodIncludePasses();
  void leftoversAndLongSourcesAreFound();
  void theReadmeShowsTheProgramThatIsBuilt();

private:
  const tree_rules tree_{read_tree(MILLRACE_SOURCE_DIR)};
};

void tree_test::theTreeKeepsTheDirectionOfItsLayers() {
  QVERIFY2(tree_.file_count() > 5, "the sources were not found: this check would pass on anything");
  const auto found = tree_.includes();
  QVERIFY2(found.empty(), text_of(found).c_str());
}

void tree_test::nothingWasLeftInTheCode() {
  const auto found = tree_.leftovers();
  QVERIFY2(found.empty(), text_of(found).c_str());
}

void tree_test::everySourceCanBeRead() {
  const auto wanted = tree_.worth_splitting();
  if (!wanted.empty()) qInfo() << "worth splitting:" << text_of(wanted).c_str();
  const auto found = tree_.oversized();
  QVERIFY2(found.empty(), text_of(found).c_str());
}

void tree_test::aBadIncludeIsFound_data() {
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("included");
  QTest::newRow("upwards") << "framework/src/a.cpp"
                           << "millrace/transport/link.hpp";
  QTest::newRow("upwards two") << "transport/src/a.cpp"
                               << "millrace/run.hpp";
  QTest::newRow("persistence to transport") << "persistence/src/a.cpp"
                                            << "millrace/transport/link.hpp";
  QTest::newRow("transport to persistence") << "transport/src/a.cpp"
                                            << "millrace/persistence/store.hpp";
  QTest::newRow("plugin to actors") << "plugins/kafka/a.cpp"
                                    << "millrace/run.hpp";
  QTest::newRow("CAF in framework") << "framework/src/a.cpp"
                                    << "caf/actor.hpp";
  QTest::newRow("ZeroMQ in framework") << "framework/src/a.cpp"
                                       << "zmq.hpp";
  QTest::newRow("LMDB in framework") << "framework/src/a.cpp"
                                     << "lmdb.h";
  QTest::newRow("LuaJIT in framework") << "framework/src/a.cpp"
                                       << "lua.hpp";
  QTest::newRow("web server in framework") << "framework/src/a.cpp"
                                           << "microhttpd.h";
  QTest::newRow("web client in transport") << "transport/src/a.cpp"
                                           << "curl/curl.h";
  QTest::newRow("Qt in framework") << "framework/src/a.cpp"
                                   << "QString";
  QTest::newRow("Qt folder in framework") << "framework/src/a.cpp"
                                          << "QtCore/QString";
  QTest::newRow("CAF in transport") << "transport/src/a.cpp"
                                    << "caf/actor.hpp";
  QTest::newRow("LMDB in actors") << "actors/src/a.cpp"
                                  << "lmdb.h";
  QTest::newRow("third party in public header") << "framework/include/millrace/a.hpp"
                                                << "absl/container/flat_hash_map.h";
  QTest::newRow("xxhash in public header") << "framework/include/millrace/a.hpp"
                                           << "xxhash.h";
  QTest::newRow("umbrella") << "actors/src/a.cpp"
                            << "caf/all.hpp";
}

void tree_test::aBadIncludeIsFound() {
  QFETCH(QString, path);
  QFETCH(QString, included);
  const auto found = tree_with(path.toStdString(), included.toStdString()).includes();
  QCOMPARE(found.size(), std::size_t{1});
  QCOMPARE(QString::fromStdString(found.front().path), path);
  QCOMPARE(found.front().line, 2);
}

void tree_test::aGoodIncludePasses_data() {
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("included");
  QTest::newRow("downwards") << "persistence/src/a.cpp"
                             << "millrace/error.hpp";
  QTest::newRow("both from the root") << "actors/src/a.cpp"
                                      << "millrace/persistence/store.hpp";
  QTest::newRow("own layer") << "transport/src/a.cpp"
                             << "millrace/transport/link.hpp";
  QTest::newRow("private third party") << "framework/src/a.cpp"
                                       << "absl/container/flat_hash_map.h";
  QTest::newRow("standard library") << "framework/include/millrace/a.hpp"
                                    << "vector";
  QTest::newRow("CAF in actors") << "actors/src/a.cpp"
                                 << "caf/event_based_actor.hpp";
}

void tree_test::aGoodIncludePasses() {
  QFETCH(QString, path);
  QFETCH(QString, included);
  const auto found = tree_with(path.toStdString(), included.toStdString()).includes();
  QVERIFY2(found.empty(), text_of(found).c_str());
}

void tree_test::leftoversAndLongSourcesAreFound() {
  std::string lines;
  for (int i = 0; i < 501; ++i) lines += "int x;\n";
  const tree_rules bad{{{"actors/src/a.cpp", "// TODO: later\n"}, {"actors/src/b.cpp", lines}}};
  QCOMPARE(bad.leftovers().size(), std::size_t{1});
  QCOMPARE(bad.oversized().size(), std::size_t{1});
  QCOMPARE(bad.worth_splitting().size(), std::size_t{1});
}

void tree_test::theReadmeShowsTheProgramThatIsBuilt() {
  const auto readme = content_of("README.md");
  const auto program = content_of("tests/package/outside/main.cpp");
  const auto begin = program.find("struct Payment");
  QVERIFY(begin != std::string::npos);
  QVERIFY2(readme.find("```cpp\n" + program.substr(begin) + "```") != std::string::npos,
           "README.md and tests/package/outside/main.cpp differ: copy the program over");
}

}  // namespace millrace::architecture

QTEST_APPLESS_MAIN(millrace::architecture::tree_test)
#include "tree_test.moc"
