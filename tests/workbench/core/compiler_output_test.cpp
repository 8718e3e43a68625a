#include "core/compiler_output.hpp"

#include <QTest>

namespace millrace::workbench {

class CompilerOutputTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void placesAreFoundInWhatCompilersSay() {
    const auto note = at("/home/ada/own/own.hpp:31:12: error: expected ';' before 'return'");
    QVERIFY(note.has_value());
    QCOMPARE(*note, (BuildNote{Health::Critical, QStringLiteral("/home/ada/own/own.hpp"), 31, 12,
                               QStringLiteral("expected ';' before 'return'")}));
    QCOMPARE(at("own.cpp:3:10: fatal error: no.hpp: No such file or directory")->line, 3);
    const auto warning = at("own.hpp:7:3: warning: unused variable 'x' [-Wunused-variable]");
    QCOMPARE(warning->level, Health::Warning);
    QCOMPARE(warning->column, 3);
  }

  void cmakeAndLinkersAreUnderstood() {
    const auto note = at("CMake Error at CMakeLists.txt:4 (find_package):");
    QVERIFY(note.has_value());
    QCOMPARE(note->file, QStringLiteral("CMakeLists.txt"));
    QCOMPARE(note->line, 4);
    QVERIFY(at("own.cpp:(.text+0x1f): undefined reference to `missing()'")
                ->what.startsWith(QStringLiteral("undefined reference")));
  }

  void otherLinesAreNone() {
    for (const auto* line : {"[1/2] Building CXX object own.cpp.o", "In file included from own.cpp:1:", "", "error",
                             "   31 |   return 1", "own.hpp: In member function 'void f()':"}) {
      QVERIFY2(!at(line).has_value(), line);
    }
  }

  void progressIsReadOfBothTools() {
    QCOMPARE(buildProgressIn(QStringLiteral("[3/4] Linking")), std::optional{0.75});
    QCOMPARE(buildProgressIn(QStringLiteral("[ 50%] Building CXX object")), std::optional{0.5});
    QVERIFY(!buildProgressIn(QStringLiteral("[3/0] nothing")).has_value());
    QVERIFY(!buildProgressIn(QStringLiteral("3/4")).has_value());
  }

private:
  static std::optional<BuildNote> at(const char* line) { return buildNoteIn(QString::fromUtf8(line)); }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::CompilerOutputTest)
#include "compiler_output_test.moc"
