// What a plugin says about itself is read without running any of it, whatever the file holds.
#include "millrace/context.hpp"
#include "millrace/plugin.hpp"
#include "plugins/plugin_loader.hpp"
#include "plugins/plugin_note_reader.hpp"

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

  void onesBuiltForAnotherVersionAreNotLoaded() {
    auto bytes = content(SAMPLE_PLUGIN);
    const auto at = bytes.find("abi=1\n");
    QVERIFY(at != std::string::npos);
    bytes[at + 4] = '7';
    write("other.so", bytes);
    const auto loaded = load_plugin(path("other.so"));
    QVERIFY(!loaded && loaded.error().message.find("another version") != std::string::npos);
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
