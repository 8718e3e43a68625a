#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <vector>

#include "engine/line_call.hpp"

namespace millrace::workbench {

/// A project for an actor type of somebody's own, as `millrace actor new` makes it: made from the template, built with
/// CMake in a child process, tested, and put where `millrace` looks for plugins. One thing at a time. Thread: GUI.
class ActorProject final : public QObject {
  Q_OBJECT

public:
  explicit ActorProject(QObject* parent = nullptr);

  /// Makes a project in a new folder, and opens it. `kind`: producer, router, processor or sink.
  void make(const QString& name, const QString& kind, const QString& folder);
  /// False: there is no such project in this folder.
  [[nodiscard]] bool open(const QString& folder);
  void build();
  /// Builds its test, too, and runs it.
  void test();
  void cancel();

  [[nodiscard]] bool isOpen() const { return !m_folder.isEmpty(); }
  [[nodiscard]] bool isBusy() const { return m_step != Step::None; }
  [[nodiscard]] const QString& folder() const noexcept { return m_folder; }
  /// Of the project and of the actor; empty: none is open.
  [[nodiscard]] const QString& name() const noexcept { return m_name; }
  /// Its sources, what is edited most first.
  [[nodiscard]] QStringList sources() const;
  /// Where plugins of this user belong: the first folder of `MILLRACE_PLUGINS`, else `~/.local/lib/millrace/plugins`.
  [[nodiscard]] static QString pluginFolder();

Q_SIGNALS:
  /// Another project is open.
  void opened();
  void busyChanged();
  void line(const QString& text);
  /// It was built and lies where plugins are looked for.
  void published();
  void tested();
  /// A sentence for the user; what the compiler says came as lines.
  void failed(const QString& why);

private:
  enum class Step { None, Make, Configure, Build, BuildTest, Test };
  void begin(Step step);
  void next(int exitCode);
  void end(const QString& failure = {});
  [[nodiscard]] QString publish() const;

  LineCall m_call;
  Step m_step = Step::None;
  bool m_isTesting = false;
  QString m_folder, m_name;
  QString m_wantedFolder, m_wantedName, m_wantedKind;
  QString m_lastLine;
};

}  // namespace millrace::workbench
