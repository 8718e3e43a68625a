// What a plugin says about itself is read without running any of it, whatever the file holds.
#include "millrace/context.hpp"
#include "millrace/plugin.hpp"
#include "plugins/plugin_loader.hpp"
#include "plugins/plugin_note_reader.hpp"

#include <QProcess>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace millrace;
using namespace millrace::plugins;

namespace {

std::string content(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

class plugin_note_test : public QObject {
  Q_OBJECT
private slots:
  void saysNameVersionAndWhatItWasBuiltFor() {
    const auto note = read_plugin_note(SAMPLE_PLUGIN);
    QVERIFY2(note, note ? "" : note.error().message.c_str());
    QCOMPARE(note->name, std::string{"sample"});
    QCOMPARE(note->version, std::string{"1.2.3"});
    QCOMPARE(note->abi, std::uint64_t{detail::plugin_abi});
    QCOMPARE(note->layout, detail::plugin_layout);
    QCOMPARE(note->build_id, std::string{SAMPLE_BUILD_ID});
    QCOMPARE(read_plugin_note(SAMPLE_WITHOUT_ID)->build_id, std::string{});
  }

  void damagedFilesAreRefusedOrReadAsFarAsTheyGo() {
    const auto whole = content(SAMPLE_PLUGIN);
    random_source random{11};
    for (int round = 0; round < 500; ++round) {
      auto bytes = whole.substr(0, round % 2 == 0 ? whole.size() : random.below(whole.size()));
      for (auto n = random.below(20); n != 0 && !bytes.empty(); --n) {
        // Mostly where it hurts: in the headers.
        const auto at = random.below(random.below(2) == 0 ? std::min<std::size_t>(64, bytes.size()) : bytes.size());
        bytes[at] = static_cast<char>(random());
      }
      write("damaged.so", bytes);
      (void)read_plugin_note(path("damaged.so"));
    }
  }

  void otherFilesAreNoPlugins() {
    write("text.so", "not a program");
    QVERIFY(!read_plugin_note(path("text.so")));
    write("empty.so", "");
    QVERIFY(!read_plugin_note(path("empty.so")));
    QVERIFY(!read_plugin_note("/proc/self/exe"));
    QVERIFY(!read_plugin_note(path("nowhere.so")));
  }

  void onesOthersMayChangeAreNotLoaded() {
    namespace fs = std::filesystem;
    write("open.so", content(SAMPLE_PLUGIN));
    fs::permissions(path("open.so"), fs::perms::group_write, fs::perm_options::add);
    const auto by_file = load_plugin(path("open.so"));
    QVERIFY(!by_file && by_file.error().message.find("chmod go-w") != std::string::npos);
    fs::permissions(path("open.so"), fs::perms::group_write, fs::perm_options::remove);
    fs::permissions(path(""), fs::perms::others_write, fs::perm_options::add);
    const auto by_folder = load_plugin(path("open.so"));
    QVERIFY(!by_folder && by_folder.error().message.find("chmod go-w") != std::string::npos);
    fs::permissions(path(""), fs::perms::others_write, fs::perm_options::remove);
  }

  void oneOnAWayThatOthersMayChangeIsNotLoaded() {
    namespace fs = std::filesystem;
    fs::create_directories(path("way/own"));
    write("way/own/plugin.so", content(SAMPLE_PLUGIN));
    for (const auto* own : {"way/own", "way/own/plugin.so"}) {
      fs::permissions(path(own), fs::perms::group_write | fs::perms::others_write, fs::perm_options::remove);
    }
    fs::permissions(path("way"), fs::perms::others_write, fs::perm_options::add);
    const auto refused = load_plugin(path("way/own/plugin.so"));
    QVERIFY(!refused && refused.error().message.find("chmod go-w") != std::string::npos);
    QVERIFY(refused.error().message.find("/way'") != std::string::npos);
  }

  void onesBuiltForAnotherVersionAreNotLoaded() {
    auto bytes = content(SAMPLE_PLUGIN);
    const auto own = "abi=" + std::to_string(detail::plugin_abi) + "\n";
    const auto at = bytes.find(own);
    QVERIFY(at != std::string::npos);
    bytes.replace(at, own.size(), "abi=7\n");
    write("other.so", bytes);
    const auto loaded = load_plugin(path("other.so"));
    QVERIFY(!loaded && loaded.error().message.find("another version") != std::string::npos);
  }

  /// Before any of their code runs; the last one is the control: it does run.
  void onlyTrustedBuildsAreLoaded() {
    const auto ran = [] { return qEnvironmentVariableIsSet("MILLRACE_SAMPLE_RAN"); };
    write("known.so", content(SAMPLE_PLUGIN));
    write("without.so", content(SAMPLE_WITHOUT_ID));
    const trusted_builds others{std::string(40, 'a'), std::string(16, '0')};
    const auto untrusted = load_plugin(path("known.so"), others);
    QVERIFY(!untrusted && untrusted.error().code == errc::denied);
    for (const auto* part : {"known.so", SAMPLE_BUILD_ID, "trusted_plugins"}) {
      QVERIFY2(untrusted.error().message.find(part) != std::string::npos, untrusted.error().message.c_str());
    }
    const auto nameless = load_plugin(path("without.so"), others);
    QVERIFY(!nameless && nameless.error().message.find("--build-id") != std::string::npos);
    QVERIFY(!ran());
    const auto upper = QString{SAMPLE_BUILD_ID}.toUpper().toStdString();
    const auto trusted = load_plugin(path("known.so"), {others.front(), upper});
    QVERIFY2(trusted, trusted ? "" : trusted.error().message.c_str());
    QCOMPARE(trusted->build_id, std::string{SAMPLE_BUILD_ID});
    QVERIFY(ran());
  }

  void onlyWholeBuildIdsMayBeTrusted() {
    QVERIFY(check_build_id(SAMPLE_BUILD_ID).has_value());
    const auto whole = std::string{SAMPLE_BUILD_ID};
    for (const auto& wrong : {std::string{}, whole.substr(0, 12), whole.substr(1), whole + "zz", whole.substr(2) + " 0",
                              std::string(130, 'a')}) {
      QVERIFY2(!check_build_id(wrong), wrong.c_str());
    }
  }

  /// From the folders it looks into without being told, too, which all other verbs load from as they are.
  void aNodeLoadsNoOtherBuildThanItsConfigurationNames() {
    const QTemporaryDir own;
    const auto in_own = [&](const char* name) { return own.filePath(name).toStdString(); };
    std::ofstream{in_own("here.so"), std::ios::binary} << content(SAMPLE_PLUGIN);
    const auto said_with = [&](const QByteArray& trusted) {
      std::ofstream{in_own("node.toml")} << "data_dir = \"" + in_own("data") + "\"\n" + trusted.toStdString();
      QProcess node;
      auto environment = QProcessEnvironment::systemEnvironment();
      environment.insert("XDG_RUNTIME_DIR", own.path());
      environment.insert("MILLRACE_PLUGINS", own.path());
      node.setProcessEnvironment(environment);
      node.start(MILLRACE_COMMAND, {"node", "run", "--config", own.filePath("node.toml")});
      QByteArray said;
      while (!said.contains("ready") && node.waitForReadyRead(20'000)) said += node.readAllStandardOutput();
      node.terminate();
      const bool is_fine = node.waitForFinished(20'000) && said.contains("ready");
      return is_fine ? node.readAllStandardError() : QByteArray{"it did not start"};
    };
    const auto refused = said_with("trusted_plugins = [\"" + QByteArray(40, 'b') + "\"]\n");
    QVERIFY2(refused.contains(SAMPLE_BUILD_ID) && refused.contains("here.so"), refused.constData());
    for (const auto& trusted : {QByteArray{}, "trusted_plugins = [\"" + QByteArray{SAMPLE_BUILD_ID} + "\"]\n"}) {
      const auto taken = said_with(trusted);
      QVERIFY2(!taken.contains("here.so") && !taken.contains("start"), taken.constData());
    }
  }

private:
  [[nodiscard]] std::string path(const std::string& name) const { return dir_.filePath(name.c_str()).toStdString(); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream{path(name), std::ios::binary | std::ios::trunc} << bytes;
  }

  QTemporaryDir dir_;
};

QTEST_APPLESS_MAIN(plugin_note_test)
#include "plugin_note_test.moc"
