#pragma once

#include <QDirIterator>
#include <QFile>
#include <QTest>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/main_window.hpp"
#include "core/text.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench::testing {

/// Until something that has to come is missed: machines that do other work, too, are slow.
inline constexpr int patience = 60'000;

/// All events of all CSV files below a folder, without their headings.
[[nodiscard]] inline std::vector<QByteArray> eventsBelow(const QString& folder) {
  std::vector<QByteArray> lines;
  for (QDirIterator files{folder, {QStringLiteral("*.csv")}, QDir::Files, QDirIterator::Subdirectories};
       files.hasNext();) {
    QFile file{files.next()};
    if (!file.open(QIODevice::ReadOnly)) continue;
    file.readLine();
    while (!file.atEnd()) lines.push_back(file.readLine());
  }
  return lines;
}

/// A workbench as somebody has it before them: open, with the keyboard, in folders of its own, its types of actors
/// known. Opened before each test function and closed after it, with its engine.
class Workplace {
public:
  /// False: the window or its types of actors did not come.
  [[nodiscard]] bool open() {
    surround();
    return openWindow();
  }
  /// Only the folders, for what has to be there before the window.
  void surround() { m_surroundings.emplace(); }
  /// Whatever the engine says of its types, if it says anything.
  [[nodiscard]] bool openWindowOnly() {
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    m_window->activateWindow();
    return QTest::qWaitForWindowActive(m_window.get());
  }
  [[nodiscard]] bool openWindow() {
    if (!openWindowOnly()) return false;
    if (!waitFor([this] { return !m_window->catalogueSource().catalogue().isEmpty(); })) return false;
    tab().setFocus();
    return true;
  }
  /// The workbench ends, its engine with it; its folders stay.
  void closeWindow() { m_window.reset(); }
  void close() {
    closeWindow();
    m_surroundings.reset();
  }

  [[nodiscard]] MainWindow& window() const { return *m_window; }
  [[nodiscard]] DocumentTab& tab() const { return m_window->current(); }
  [[nodiscard]] EngineSession& session() const { return m_window->engine().session(); }
  /// Of the topology in front; nullptr: it does not run.
  [[nodiscard]] const RunFigures* figures() const { return m_window->engine().figures(); }
  [[nodiscard]] QString path(const QString& name) const { return m_surroundings->path(name); }

  [[nodiscard]] static bool waitFor(const std::function<bool()>& isReached) {
    return QTest::qWaitFor(isReached, patience);
  }
  /// Until a dialog has the keyboard.
  [[nodiscard]] static bool waitForDialog() {
    return waitFor([] {
      const auto* dialog = QApplication::activeModalWidget();
      return dialog != nullptr && QApplication::focusWidget() != nullptr &&
             dialog->isAncestorOf(QApplication::focusWidget());
    });
  }
  [[nodiscard]] bool write(const QString& name, const QByteArray& bytes) const {
    QFile file{path(name)};
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
  }
  /// Writes a topology down and opens it.
  [[nodiscard]] bool open(const topology& spec) {
    const auto name = toQt(spec.name) + QStringLiteral(".mill");
    return write(name, QByteArray::fromStdString(to_text(spec))) && m_window->openFile(path(name));
  }
  /// Opens it and runs it until figures of all its actors come, and a snapshot is there to go back to.
  [[nodiscard]] bool run(const topology& spec) {
    if (!open(spec)) return false;
    m_window->engine().run();
    return waitFor([this, &spec] {
      const auto* run = figures();
      return run != nullptr && run->snapshots > 0 && run->actors.size() == spec.actors.size();
    });
  }

  /// Draws a generator, a filter and a sink, wired in a row.
  void drawFilter() const {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    tab().addType(QStringLiteral("millrace.filter_by"));
    tab().addType(QStringLiteral("millrace.null_sink"));
  }

private:
  std::optional<Surroundings> m_surroundings;
  std::unique_ptr<MainWindow> m_window;
};

}  // namespace millrace::workbench::testing
